import { Problem } from '../http/problem.ts';

/**
 * Refuses what another site makes a browser send. Browsers say where a request comes from: by `Sec-Fetch-Site`, older ones by
 * `Origin`. A request that changes something and has a cookie but neither header is refused too.
 * @throws Problem
 */
export function assertSameOrigin(request: Request, origin: URL): void {
  const site = request.headers.get('sec-fetch-site');
  const from = request.headers.get('origin');
  const isOwn = site === null ? from === origin.origin : site === 'same-origin' || site === 'none';
  // Both have to fit where both are there.
  if (isOwn && (from === null || from === origin.origin)) return;
  throw new Problem(
    403,
    'cross-site',
    `This request comes from ${from ?? 'an unknown page'}; only pages of ${origin.origin} may send it.`,
  );
}
