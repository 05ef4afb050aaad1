import { readAddress } from '../../cli/farm/address.ts';
import { connect } from '../../cli/farm/farm.ts';
import { createPortal, type Portal } from './portal.ts';
import { largestObjectBytes } from './services.ts';
import { readPortalSettings } from './settings.ts';

/** The portal that a stack deploys, whatever hosts it. @throws Error that names every invalid variable */
export function openDeployedPortal(variables: Readonly<Record<string, string | undefined>>): Portal {
  const settings = readPortalSettings(variables);
  const address = readAddress(settings.FARM, 'The variable FARM');
  return createPortal({
    farm: connect(address),
    signingKey: settings.PORTAL_SIGNING_KEY,
    passwordHash: settings.PORTAL_PASSWORD_HASH,
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
