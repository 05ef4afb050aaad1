import * as pulumi from '@pulumi/pulumi';
import type { PortalEnvironment } from '../../portal/src/settings.ts';
import type { AddressOutputs } from '../address.ts';
import type { Secret } from '../compute/secrets.ts';
import type { PortalNames } from '../monitoring/metrics.ts';
import type { PortalSignIn } from '../settings/portal.ts';
import type { PortalFarm } from './rights.ts';

export type PortalSecret = Secret<keyof PortalEnvironment>;

/** What the portal is given, whatever hosts it. */
export interface PortalArgs {
  farm: PortalFarm;
  region: pulumi.Output<string>;
  /** The outputs by which the portal finds the farm. */
  address: AddressOutputs;
  allowHttpSources: boolean;
  signIn: PortalSignIn;
  /** SSM parameters of the portal's secrets. */
  secrets: PortalSecret[];
  logRetentionDays: number;
}

/** Where a service of containers lives. */
export interface PortalPlace {
  vpcId: pulumi.Input<string>;
  /** With a way to the internet, as the workers' own. */
  subnetIds: pulumi.Output<string[]>;
  assignPublicIp: boolean;
  containerInsights: boolean;
}

/** What a host of the portal gives the farm. */
export interface PortalHost {
  url: pulumi.Output<string>;
  /** Where the CNAME of the portal's domain must lead, if its owner has to set that. */
  target?: pulumi.Output<string>;
  /** By which alarms know it. */
  names: PortalNames;
}

export type PortalVariables = Partial<Record<keyof PortalEnvironment, pulumi.Input<string>>>;

/** The portal's plain settings. */
export function portalVariables({ address, allowHttpSources, signIn }: PortalArgs): PortalVariables {
  return {
    FARM: pulumi.jsonStringify(address),
    ALLOW_HTTP_SOURCES: allowHttpSources ? 'true' : 'false',
    ...(signIn.by === 'oidc' && {
      PORTAL_OIDC_ISSUER: signIn.issuer,
      PORTAL_OIDC_CLIENT_ID: signIn.clientId,
      PORTAL_OIDC_SCOPES: signIn.scopes.join(' '),
      PORTAL_GROUPS_CLAIM: signIn.groupsClaim,
      PORTAL_ALLOWED_DOMAINS: signIn.allowedDomains.join(','),
      PORTAL_ALLOWED_GROUPS: signIn.allowedGroups.join(','),
      PORTAL_ADMINS: signIn.admins.join(','),
      PORTAL_OWN_FILMS_ONLY: signIn.ownFilmsOnly ? 'true' : 'false',
    }),
  };
}
