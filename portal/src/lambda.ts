import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { openDeployedPortal } from './deployed.ts';
import { answerUrl, type UrlAnswer, type UrlEvent } from './hosts/lambda.ts';
import type { Portal } from './portal.ts';

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
  return openDeployedPortal(process.env);
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
