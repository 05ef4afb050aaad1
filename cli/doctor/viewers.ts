import { attempt, type Finding, notAsked, ok, warning } from './finding.ts';

const name = 'viewers';

/**
 * Asks the public address for JSON, as a viewer would: states, plans and records are not for viewers. An object that is not
 * there is answered 404 where JSON may be read, and 403 where it may not.
 * @param publicUrl without a trailing slash; empty where the output is private
 */
export function checkViewers(
  publicUrl: string,
  prefix: string,
  ask: typeof fetch,
): Promise<Finding> | Finding {
  if (publicUrl === '') return notAsked(name, 'the output has no public address');
  const fix = `Check that ${publicUrl} leads to the output bucket: docs/storage.md, "Letting viewers in".`;
  return attempt(name, fix, async () => {
    const url = `${publicUrl}/${prefix}farm-doctor/status.json`;
    const { status } = await ask(url, { method: 'HEAD', signal: AbortSignal.timeout(10_000) });
    if (status === 403) return ok(name, `${publicUrl} shows films and no status.json`);
    return warning(
      name,
      `${publicUrl} answers HTTP ${status} for a status.json that is not there, so who knows a job's id can read its source, title and errors`,
      'Block paths that end in ".json" for this host: docs/storage.md, "Letting viewers in".',
    );
  });
}
