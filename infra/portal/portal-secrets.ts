import type * as pulumi from '@pulumi/pulumi';
import { Secrets, type WorkerSecret } from '../compute/secrets.ts';
import type { PortalSettings } from '../settings/portal.ts';
import type { PortalSecret } from './args.ts';
import { signingKeyOf } from './signing-key.ts';

/**
 * What people sign in with, what sessions are signed with, and the keys of R2 and Wasabi.
 * @param ofWorkers the secrets that the farm has for its workers
 */
export function portalSecrets(
  farm: string,
  { signIn, signingKey }: PortalSettings,
  ofWorkers: readonly WorkerSecret[],
  own: pulumi.ComponentResourceOptions,
): PortalSecret[] {
  const secret = signIn.by === 'password' ? signIn.passwordHash : signIn.clientSecret;
  const variables = {
    [signIn.by === 'password' ? 'PORTAL_PASSWORD_HASH' : 'PORTAL_OIDC_CLIENT_SECRET']: secret,
    PORTAL_SIGNING_KEY: signingKey ?? signingKeyOf(secret),
  } as Record<PortalSecret['name'], pulumi.Output<string>>;
  const { references } = new Secrets<keyof typeof variables>(`${farm}-portal`, { farm, variables }, own);
  return [...references, ...ofWorkers.filter(isStorageKey).map(asPortalSecret)];
}

/** The portal shows films and makes none. */
function isStorageKey({ name }: WorkerSecret): boolean {
  return name !== 'ENCRYPTION_SECRET';
}

/** Keys of R2 and Wasabi, which the portal opens the buckets with as the command line does. */
function asPortalSecret(secret: WorkerSecret): PortalSecret {
  return { ...secret, name: `FARM_${secret.name}` as PortalSecret['name'] };
}
