import type * as pulumi from '@pulumi/pulumi';
import { hashPattern } from '../../portal/src/auth/password.ts';
import type { SettingsReader } from './reader.ts';

/** The page on which people upload, follow and watch films. */
export interface PortalSettings {
  passwordHash: pulumi.Output<string>;
}

/** @returns undefined where the farm has no portal */
export function readPortal(config: SettingsReader): PortalSettings | undefined {
  const kind = config.choice('portal', ['none', 'function']);
  const passwordHash = config.secret(
    'portalPasswordHash',
    'a hash as "farm portal-password" prints it',
    (value) => hashPattern.test(value),
  );
  if (kind === 'none') {
    if (passwordHash !== undefined) config.ignore('portalPasswordHash', 'portal is "none"');
    return undefined;
  }
  if (passwordHash === undefined) {
    config.reject(
      'portalPasswordHash',
      `is not set, and portal "${kind}" needs it: its address is public, and without a password it would show everyone all films.`,
      '"$(npx farm portal-password)"',
      'secret',
    );
    return undefined;
  }
  return { passwordHash };
}
