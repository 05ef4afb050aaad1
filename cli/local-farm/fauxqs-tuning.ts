import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { allowBrowsers, nameDownload } from './browser-access.ts';
import { conditionalWrites, type Route } from './conditional-writes.ts';
import type { LinkedFilms } from './linked-films.ts';
import { listParts } from './list-parts.ts';
import { applyRules, type RuledServer } from './rules/fastify.ts';
import type { RuleOptions } from './rules/rules.ts';

/**
 * What a farm needs and fauxqs has no options for. Fastify, on which it is built, announces each new
 * server on a diagnostics channel: https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks
 *
 * - It listens on loopback alone; by default it would open the storage to the network.
 * - An object may be as large in one PUT as S3 allows (5 GiB), where fauxqs stops at 11 MiB.
 * - Large objects on disk are read from disk: fauxqs loads the whole film for each range. Small ones stay with fauxqs,
 *   which reads and writes an object in one go: a status file that is replaced while it is read comes whole.
 * - Writes may have conditions, as with S3: see conditional-writes.ts.
 * - Browsers may reach it: see browser-access.ts and list-parts.ts.
 * - It refuses, limits and forgets as the real services do, where `rules` ask for it.
 *
 * @returns ends the watch for new servers; those that were tuned stay so
 */
export function tuneFauxqs({ storageDir, films, rules }: TuningOptions = {}): () => void {
  const onServer = (message: unknown) => {
    const { fastify } = message as { fastify: Server };
    const listen = fastify.listen.bind(fastify);
    Object.assign(fastify, { listen: (options: object) => listen({ ...options, host: '127.0.0.1' }) });
    const addConditions = conditionalWrites();
    const addListing = listParts();
    fastify.addHook('onRequest', allowBrowsers);
    fastify.addHook('onSend', nameDownload);
    fastify.addHook('onRoute', (route) => {
      route.bodyLimit = 5 * 1024 ** 3;
      addConditions(route);
      addListing(route);
    });
    // First: what they refuse is answered by nobody.
    if (rules !== undefined) applyRules(fastify, rules);
    if (films !== undefined)
      fastify.addHook('preValidation', (request, reply) => films.answer(request, reply));
    if (storageDir !== undefined) {
      fastify.addHook('preValidation', (request, reply) => readFromDisk(storageDir, request, reply));
    }
  };
  subscribe('fastify.initialization', onServer);
  return () => unsubscribe('fastify.initialization', onServer);
}

interface TuningOptions {
  storageDir?: string | undefined;
  /** Objects that are files outside of the storage. */
  films?: LinkedFilms;
  rules?: RuleOptions | undefined;
}

/** What is used here of Fastify's instance, request and reply. */
interface Server extends RuledServer {
  listen(options: object): Promise<string>;
  addHook: RuledServer['addHook'] & {
    (name: 'onRoute', hook: (route: Route) => void): void;
    (name: 'onSend', hook: typeof nameDownload): void;
    (name: 'onRequest' | 'preValidation', hook: (request: Request, reply: Reply) => Promise<unknown>): void;
  };
}

export interface Request {
  url: string;
  method: string;
  headers: IncomingHttpHeaders;
}

export interface Reply {
  headers(values: Record<string, string | number>): Reply;
  code(status: number): Reply;
  send(body?: Readable | string): Reply;
}

interface StoredObject {
  contentType: string;
  contentLength: number;
  etag: string;
  lastModified: string;
  cacheControl?: string;
}

/** Nothing of this size or more is ever replaced. */
const largeBytes = 2 ** 20;

/** Answers a plain GET of a large object; leaves all that is special (missing, conditions, parts) to fauxqs. */
async function readFromDisk(storageDir: string, request: Request, reply: Reply) {
  const url = new URL(request.url, 'http://local');
  const [, bucket, key] = /^\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
  if (request.method !== 'GET' || !bucket || !key || url.searchParams.has('partNumber')) return;
  if (request.headers['if-none-match'] ?? request.headers['if-modified-since']) return;

  const path = objectPath(storageDir, bucket, decodeURIComponent(key));
  // Missing, or just being written.
  const object = await readFile(`${path}.meta.json`, 'utf8')
    .then((text) => JSON.parse(text) as StoredObject)
    .catch(() => undefined);
  if (!object || object.contentLength < largeBytes) return;
  const { 'if-match': ifMatch, range } = request.headers;
  if (ifMatch !== undefined && ifMatch !== object.etag) return;
  const [first, last] = parseRange(range, object.contentLength) ?? [];
  if (first === undefined || last === undefined) return;

  reply.headers({
    'content-type': object.contentType,
    'content-length': last - first + 1,
    etag: object.etag,
    'last-modified': new Date(object.lastModified).toUTCString(),
    ...(object.cacheControl && { 'cache-control': object.cacheControl }),
    ...(range && { 'content-range': `bytes ${first}-${last}/${object.contentLength}` }),
  });
  return reply.code(range ? 206 : 200).send(createReadStream(`${path}.data`, { start: first, end: last }));
}

/** Where fauxqs keeps an object: its key as a path, with what file systems dislike percent-encoded. */
export function objectPath(storageDir: string, bucket: string, key: string): string {
  const encoded = key.replace(
    /[<>:"|?*\\%]|\p{Cc}/gu,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return join(storageDir, 'buckets', bucket, 'objects', encoded);
}

/** First and last byte; undefined for ranges that fauxqs shall answer. */
function parseRange(range: string | undefined, length: number): [number, number] | undefined {
  if (range === undefined) return [0, length - 1];
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (from === undefined || Number(from) >= length) return undefined;
  const last = to ? Math.min(Number(to), length - 1) : length - 1;
  return Number(from) <= last ? [Number(from), last] : undefined;
}
