import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type RuleOptions, Rules } from './rules.ts';
import { render } from './verdict.ts';

/** What is used here of Fastify's instance, request and reply. */
export interface RuledServer {
  addHook(
    name: 'preParsing',
    hook: (request: Request, reply: Reply, payload: Readable) => Promise<unknown>,
  ): void;
  addHook(name: 'onSend', hook: (request: Request, reply: Reply, payload: unknown) => Promise<unknown>): void;
}

interface Request {
  method: string;
  headers: IncomingHttpHeaders;
  raw: IncomingMessage;
}

interface Reply {
  raw: ServerResponse;
  /** Fastify leaves the answer to whoever has called this. */
  hijack(): void;
}

/** Puts rules before all routes of a server, with the whole body at hand, as signatures and rights need it. */
export function applyRules(server: RuledServer, options: RuleOptions): void {
  const rules = new Rules(options);
  const lost = new WeakSet<IncomingMessage>();
  server.addHook('preParsing', async ({ method, headers, raw }, reply, payload) => {
    const call = { method, url: raw.url ?? '/', headers, body: await buffer(payload) };
    const verdict = rules.check(call);
    if (verdict?.kind === 'lost-answer') lost.add(raw);
    if (verdict?.kind === 'silence') reply.hijack();
    if (verdict?.kind !== 'refusal') return Readable.from([call.body]);
    const { status, headers: answerHeaders, body } = render(verdict, call);
    reply.hijack();
    reply.raw.writeHead(status, answerHeaders).end(body);
    return undefined;
  });
  server.addHook('onSend', async ({ raw }, _, payload) => {
    if (lost.has(raw)) raw.socket.resetAndDestroy();
    return payload;
  });
}
