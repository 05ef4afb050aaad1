import type { Route } from './conditional-writes.ts';

/**
 * R2's limit on writes to one key: one a second, and 429 for the others
 * (https://developers.cloudflare.com/r2/platform/limits/).
 * @returns sees each route of a server before it is registered
 */
export function writeLimit(): (route: Route) => void {
  const writtenAt = new Map<string, number>();
  return (route) => {
    if (route.url !== '/:bucket/*' || route.method !== 'PUT') return;
    const { handler } = route;
    route.handler = (request, reply) => {
      const key = `${request.params.bucket}/${request.params['*']}`;
      const now = performance.now();
      if (now - (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) < 1000) {
        reply.header('content-type', 'application/xml').status(429);
        return reply.send(
          '<Error><Code>TooManyRequests</Code><Message>Reduce your rate of requests for this key.</Message></Error>',
        );
      }
      writtenAt.set(key, now);
      return handler(request, reply);
    };
  };
}
