import { subscribe } from 'node:diagnostics_channel';
import { startFauxqs } from 'fauxqs';
import { tuneFauxqs } from '../../../cli/local-farm/fauxqs-tuning.ts';
import { keepPartsInMemory, type PartServer } from './parts-in-memory.ts';

/**
 * A process with object storage in memory, which counts the requests. Its argument is `limited` where it takes
 * one write a second to a key.
 */
const counts: Record<string, number> = {};
/** Of each key, when it was written. Milliseconds. */
const writes = new Map<string, number[]>();

const takeParts = await keepPartsInMemory();

subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: PartServer & { addHook(name: string, hook: Hook): void } };
  takeParts(fastify);
  fastify.addHook('onResponse', ({ method, url }, { statusCode }, done) => {
    const [key = ''] = url.split('?');
    if (method === 'PUT' && statusCode === 200)
      writes.set(key, [...(writes.get(key) ?? []), performance.now()]);
    done();
  });
  fastify.addHook('onRequest', (request, _, done) => {
    const kind = kindOf(request);
    counts[kind] = (counts[kind] ?? 0) + 1;
    done();
  });
});
// Rules have all bodies copied first.
tuneFauxqs(process.argv[2] === 'limited' ? { rules: { limitWrites: true } } : {});

const server = await startFauxqs({ port: 0, logger: false });
server.createBucket('films');
process.on('message', () =>
  process.send?.({ requests: counts, writesToAKey: maxWrites() } satisfies Counted),
);
process.on('disconnect', () => process.exit());
process.send?.({ port: server.port });

/** What is answered when anything is asked. */
export interface Counted {
  /** By kind. */
  requests: Record<string, number>;
  /** The most in ten seconds. */
  writesToAKey: number;
}

interface Request {
  method: string;
  url: string;
}
type Hook = (request: Request, reply: { statusCode: number }, done: () => void) => void;

const windowMs = 10_000;

function maxWrites(): number {
  const inWindow = (times: readonly number[]) =>
    times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length);
  return Math.max(...[...writes.values()].flatMap(inWindow));
}

function kindOf({ method, url }: Request): string {
  if (url.includes('list-type=2')) return 'LIST';
  const folder = /\/(parts|leases)\//.exec(url)?.[1];
  return folder === undefined ? `${method} other` : `${method} ${folder}`;
}
