import type { StoreTiming } from '../../worker/src/storage/s3-client.ts';
import { brief } from '../../worker/src/storage/s3-errors.ts';

/**
 * An upload may take a night: a call goes on through a quarter of an hour without the network or a login. The slowest
 * speed is far below any line's, as several parts share one; a connection on which nothing moves is given up by
 * `stallSeconds`.
 */
export const uploadTiming: StoreTiming = {
  retrySeconds: 900,
  connectSeconds: 10,
  stallSeconds: 30,
  slowestBytesPerSecond: 1024,
};

/** What a try counts for at most, so that a laptop's sleep uses up one try's patience. */
export const maxRoundSeconds = 60;

/** Why an upload stands still, in words for the person who waits. */
export function whyWaiting(error: unknown): string {
  const { name } = error as Error;
  if (/^(CredentialsProviderError|TokenProviderError|ExpiredToken\w*|TokenRefreshRequired)$/.test(name))
    return 'waiting for a login ("aws sso login")';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `waiting for the storage (${brief(cause).split(':')[0]})`;
}
