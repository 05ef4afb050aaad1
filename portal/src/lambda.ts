import { readFunctionEnvironment } from '../../worker/src/settings/secret-parameters.ts';
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
  // The farm's storage keys are read from there (cli/farm/buckets.ts).
  Object.assign(process.env, await readFunctionEnvironment(process.env));
  return openDeployedPortal(process.env);
}
