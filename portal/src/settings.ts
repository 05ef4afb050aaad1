import { z } from 'zod';
import { hashPattern } from './auth/password.ts';

const accessKey = z.string().min(1).optional();
/** Separated by commas. */
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter(Boolean));
/** By http only on this machine: on the way to others somebody could pretend to be the provider. */
const issuer = z
  .url({ protocol: /^https?$/ })
  .refine((url) => /^https:|^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(url), 'expected an https URL');

/** What a deployed portal is given as environment variables. */
export const portalEnvironmentSchema = z
  .object({
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
      .regex(hashPattern, 'expected a hash as "farm portal-password" prints it: scrypt$N$r$p$SALT$HASH')
      .optional(),
    /** Of an OpenID provider, in place of the password; as it writes it in its tokens. */
    PORTAL_OIDC_ISSUER: issuer.optional(),
    PORTAL_OIDC_CLIENT_ID: z.string().min(1).optional(),
    PORTAL_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
    PORTAL_OIDC_SCOPES: z.string().default('openid profile email'),
    PORTAL_GROUPS_CLAIM: z.string().min(1).default('groups'),
    PORTAL_ALLOWED_DOMAINS: list,
    PORTAL_ALLOWED_GROUPS: list,
    PORTAL_ADMINS: list,
    PORTAL_OWN_FILMS_ONLY: z.enum(['true', 'false']).default('false'),

    // Keys of R2 and Wasabi, under the names that the command line knows.
    FARM_SOURCE_ACCESS_KEY_ID: accessKey,
    FARM_SOURCE_SECRET_ACCESS_KEY: accessKey,
    FARM_OUTPUT_ACCESS_KEY_ID: accessKey,
    FARM_OUTPUT_SECRET_ACCESS_KEY: accessKey,
  })
  .superRefine((settings, context) => {
    // Its address is public: without a way to sign in it would show everyone all films.
    const hasPassword = settings.PORTAL_PASSWORD_HASH !== undefined;
    const [path] = (['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET'] as const)
      .map((name) => `PORTAL_OIDC_${name}` as const)
      .filter((name) => settings[name] === undefined);
    if (hasPassword ? settings.PORTAL_OIDC_ISSUER === undefined : path === undefined) return;
    const message = hasPassword
      ? 'set it, or PORTAL_OIDC_ISSUER, and not both'
      : 'expected a password hash, or PORTAL_OIDC_ISSUER, PORTAL_OIDC_CLIENT_ID and PORTAL_OIDC_CLIENT_SECRET';
    context.addIssue({ code: 'custom', path: ['PORTAL_PASSWORD_HASH'], message });
  });

export type PortalEnvironment = z.input<typeof portalEnvironmentSchema>;

export type PortalSettings = z.output<typeof portalEnvironmentSchema>;

/** @throws Error that names every invalid variable and repeats no value, as some are secret */
export function readPortalSettings(variables: Readonly<Record<string, string | undefined>>): PortalSettings {
  const parsed = portalEnvironmentSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  throw new Error(`The portal's settings are invalid:\n${problems.join('\n')}`);
}
