import { subscribe } from 'node:diagnostics_channel';
import { startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';

/**
 * A process with object storage in memory, which counts the requests. Its argument is `limited` where it takes
 * one write a second to a key.
 */
const counts: Record<string, number> = {};

subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: { addHook(name: string, hook: Hook): void } };
  fastify.addHook('onRequest', (request, _, done) => {
    const kind = kindOf(request);
    counts[kind] = (counts[kind] ?? 0) + 1;
    done();
  });
});
tuneFauxqs({ rules: { limitWrites: process.argv[2] === 'limited' } });

const server = await startFauxqs({ port: 0, logger: false });
server.createBucket('films');
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit());
process.send?.({ port: server.port });

interface Request {
  method: string;
  url: string;
}
type Hook = (request: Request, reply: unknown, done: () => void) => void;

function kindOf({ method, url }: Request): string {
  if (url.includes('list-type=2')) return 'LIST';
  const folder = /\/(parts|leases)\//.exec(url)?.[1];
  return folder === undefined ? `${method} other` : `${method} ${folder}`;
}
