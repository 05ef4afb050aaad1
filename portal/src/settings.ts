import { z } from 'zod';
import { hashPattern } from './auth/password.ts';

const accessKey = z.string().min(1).optional();

/** What a deployed portal is given as environment variables. */
export const portalEnvironmentSchema = z.object({
  /** The stack's outputs that say where the farm is, as JSON. */
  FARM: z.string().min(1),
  /** Whether jobs may name http(s) URLs. */
  ALLOW_HTTP_SOURCES: z.enum(['true', 'false']).default('false'),

  /** Where browsers reach it; requests for other hosts are refused. A function's address is known only after its settings. */
  PORTAL_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  /** Signs sessions and links. */
  PORTAL_SIGNING_KEY: z.string().min(32),

  /** As "farm portal-password" prints it. */
  PORTAL_PASSWORD_HASH: z
    .string()
    .regex(hashPattern, 'expected a hash as "farm portal-password" prints it: scrypt$N$r$p$SALT$HASH'),
  // Keys of R2 and Wasabi, under the names that the command line knows.
  FARM_SOURCE_ACCESS_KEY_ID: accessKey,
  FARM_SOURCE_SECRET_ACCESS_KEY: accessKey,
  FARM_OUTPUT_ACCESS_KEY_ID: accessKey,
  FARM_OUTPUT_SECRET_ACCESS_KEY: accessKey,
});

export type PortalEnvironment = z.input<typeof portalEnvironmentSchema>;

/** @throws Error that names every invalid variable and repeats no value, as some are secret */
export function readPortalSettings(variables: Readonly<Record<string, string | undefined>>) {
  const parsed = portalEnvironmentSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  throw new Error(`The portal's settings are invalid:\n${problems.join('\n')}`);
}
