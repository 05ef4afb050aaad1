import { hkdfSync } from 'node:crypto';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { readAddress } from '../../cli/farm/address.ts';
import { connect } from '../../cli/farm/farm.ts';
import { answerUrl, type UrlAnswer, type UrlEvent } from './hosts/lambda.ts';
import { createPortal, type Portal } from './portal.ts';
import { largestObjectBytes } from './services.ts';
import { readPortalSettings } from './settings.ts';

/** What Lambda calls, for each request of the function URL. */
export async function handler(event: UrlEvent): Promise<UrlAnswer> {
  portal ??= open();
  // A function that could not start tries again at the next request.
  portal.catch(() => {
    portal = undefined;
  });
  return answerUrl(await portal, event);
}

let portal: Promise<Portal> | undefined;

async function open(): Promise<Portal> {
  Object.assign(process.env, await readSecrets(process.env.SECRET_PARAMETERS ?? '{}'));
  const settings = readPortalSettings(process.env);
  const address = readAddress(settings.FARM, 'The variable FARM');
  return createPortal({
    farm: connect(address),
    signingKey: signingKeyOf(settings.PORTAL_PASSWORD_HASH),
    passwordHash: settings.PORTAL_PASSWORD_HASH,
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

/**
 * Every copy of the function has the same key, and no second secret has to be kept: the hash is secret, and its salt and its
 * digest are random. A new hash ends all sessions, tokens and share links, as a new password should.
 */
function signingKeyOf(passwordHash: string): string {
  return Buffer.from(hkdfSync('sha256', passwordHash, '', 'portal sessions and links', 32)).toString(
    'base64url',
  );
}

/**
 * Secrets are in SSM parameters: in the function's own settings there are none.
 * @param parameters their names by variable, as JSON
 */
async function readSecrets(parameters: string): Promise<Record<string, string>> {
  const wanted = Object.entries(JSON.parse(parameters) as Record<string, string>);
  if (wanted.length === 0) return {};
  const ssm = new SSMClient();
  try {
    const { Parameters = [] } = await ssm.send(
      new GetParametersCommand({ Names: wanted.map(([, name]) => name), WithDecryption: true }),
    );
    const values = new Map(Parameters.map(({ Name, Value }) => [Name, Value]));
    return Object.fromEntries(
      wanted.map(([variable, name]) => {
        const value = values.get(name);
        if (value === undefined) throw new Error(`The SSM parameter ${name} (${variable}) is missing.`);
        return [variable, value];
      }),
    );
  } finally {
    ssm.destroy();
  }
}
