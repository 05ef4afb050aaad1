import { readAddress } from '../../cli/farm/address.ts';
import { connect } from '../../cli/farm/farm.ts';
import type { OidcOptions } from './auth/oidc.ts';
import { createPortal, type Portal } from './portal.ts';
import { largestObjectBytes } from './services.ts';
import { type PortalSettings, readPortalSettings } from './settings.ts';

/** The portal that a stack deploys, whatever hosts it. @throws Error that names every invalid variable */
export function openDeployedPortal(variables: Readonly<Record<string, string | undefined>>): Portal {
  const settings = readPortalSettings(variables);
  const address = readAddress(settings.FARM, 'The variable FARM');
  return createPortal({
    farm: connect(address),
    signingKey: settings.PORTAL_SIGNING_KEY,
    passwordHash: settings.PORTAL_PASSWORD_HASH,
    oidc: oidcOf(settings),
    ownFilmsOnly: settings.PORTAL_OWN_FILMS_ONLY === 'true',
    ...(settings.PORTAL_ORIGIN !== undefined && { origins: [settings.PORTAL_ORIGIN] }),
    features: {
      title: 'transcode-farm',
      urls: settings.ALLOW_HTTP_SOURCES === 'true',
      maxUploadBytes: largestObjectBytes,
      publicUrl: address.publicUrl || undefined,
    },
    audit: (entry) => console.log(JSON.stringify(entry)),
    onError: (error) => console.error(error),
  });
}

function oidcOf(settings: PortalSettings): OidcOptions | undefined {
  const {
    PORTAL_OIDC_ISSUER: issuer,
    PORTAL_OIDC_CLIENT_ID: clientId,
    PORTAL_OIDC_CLIENT_SECRET: clientSecret,
  } = settings;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return {
    ...{ issuer, clientId, clientSecret },
    scopes: settings.PORTAL_OIDC_SCOPES.split(' '),
    groupsClaim: settings.PORTAL_GROUPS_CLAIM,
    allowedDomains: settings.PORTAL_ALLOWED_DOMAINS,
    allowedGroups: settings.PORTAL_ALLOWED_GROUPS,
    admins: settings.PORTAL_ADMINS,
  };
}
