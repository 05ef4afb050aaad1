import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { compileFunction } from 'node:vm';
import * as pulumi from '@pulumi/pulumi';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { jsonRuleProvider } from '../../../infra/storage/json-rule.ts';

type Provider = typeof jsonRuleProvider;
type Rule = { id: string; description: string; expression: string; action: string };

const inputs = { zoneId: 'z'.repeat(32), host: 'video.example.com' };
const others = { id: 'others', description: 'of another site', expression: 'true', action: 'log' };

/** The Rulesets API of one zone, as Cloudflare documents it. */
let zone: { list: Rule[] | undefined; maxRules: number; url: string; tokens: Set<string>; close(): void };
let provider: Provider;
const said = vi.spyOn(console, 'error').mockImplementation(() => {});

async function startZone(): Promise<typeof zone> {
  const state = { list: undefined as Rule[] | undefined, maxRules: 5, tokens: new Set<string>() };
  let made = 0;
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    const answer = (status: number, content: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    const ruleset = () => ({
      ...{ id: 'entrypoint', kind: 'zone', phase: 'http_request_firewall_custom', rules: state.list },
    });
    const refuse = (code: number, message: string) =>
      answer(400, { success: false, errors: [{ code, message }], result: null });
    const add = (rule: Omit<Rule, 'id'>) => {
      const rules = state.list ?? [];
      if (rules.length >= state.maxRules) return refuse(20217, 'exceeded maximum number of rules');
      made += 1;
      state.list = [...rules, { ...rule, id: `rule-${made}` }];
      return answer(200, { success: true, result: ruleset() });
    };
    state.tokens.add(headers.authorization ?? '');
    const path = url.replace(`/zones/${inputs.zoneId}/rulesets`, '');
    if (headers.authorization !== 'Bearer token') return refuse(10000, 'Authentication error');
    if (method === 'GET' && path === '') {
      const managed = { id: 'managed', kind: 'managed', phase: 'http_request_firewall_managed' };
      return answer(200, { success: true, result: [managed, ...(state.list ? [ruleset()] : [])] });
    }
    if (method === 'POST' && path === '' && state.list === undefined) return add(JSON.parse(body).rules[0]);
    if (method === 'POST' && path === '/entrypoint/rules') return add(JSON.parse(body));
    const [, id] = /^\/entrypoint\/rules\/(.+)$/.exec(path) ?? [];
    if (method !== 'DELETE' || id === undefined) return refuse(7000, `no route for ${method} ${url}`);
    state.list = state.list?.filter((rule) => rule.id !== id);
    return answer(200, { success: true, result: ruleset() });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { url: `http://127.0.0.1:${port}`, close: () => void server.close() });
}

beforeEach(async () => {
  zone = await startZone();
  process.env.CLOUDFLARE_BASE_URL = zone.url;
  said.mockClear();
  // As Pulumi does it: the functions become text, and the text becomes functions where nothing of this file is known.
  const saved = await pulumi.runtime.serializeFunction(() => jsonRuleProvider);
  const exported: Record<string, () => Provider> = {};
  compileFunction(saved.text, ['exports'])(exported);
  const revived = exported[saved.exportName]?.();
  if (revived === undefined) throw new Error('the saved text exports nothing');
  provider = revived;
  await configure('token');
});
afterEach(() => {
  delete process.env.CLOUDFLARE_BASE_URL;
  zone.close();
});

async function configure(token: string): Promise<void> {
  const get = (key: string) => (key === 'cloudflare:apiToken' ? token : undefined);
  await provider.configure({ config: { get, require: (key) => get(key) ?? '' } });
}

it.each([
  ['makes the list of a zone without rules', undefined],
  ['adds one to the rules of the owner, and removes no other', [others]],
])('%s', async (_, list) => {
  zone.list = list;
  const { id, outs } = await provider.create(inputs);
  expect(zone.list?.slice(0, -1)).toEqual(list ?? []);
  expect(zone.list?.at(-1)).toMatchObject({
    action: 'block',
    expression: 'http.host eq "video.example.com" and ends_with(url_decode(http.request.uri.path), ".json")',
  });
  expect(await provider.diff(id, outs, inputs)).toEqual({ changes: false, replaces: [] });
  await provider.delete(id, outs);
  expect(zone.list).toEqual(list ?? []);
  expect(said).not.toHaveBeenCalled();
});

it('warns where the zone takes no more rules or the token may not, and tries again at the next update', async () => {
  zone.list = [others];
  zone.maxRules = 1;
  const { id, outs } = await provider.create(inputs);
  expect(outs.made).toBeUndefined();
  expect(said.mock.calls.flat().join()).toContain('20217: exceeded maximum number of rules');
  await configure('another');
  await provider.update(id, outs, inputs);
  expect(said.mock.calls.flat().join()).toContain('"Zone WAF: Edit"');
  expect(await provider.diff(id, outs, inputs)).toEqual({ changes: true, replaces: [] });
  await configure('token');
  zone.maxRules = 5;
  const { outs: now } = await provider.update(id, outs, inputs);
  expect(now.made).toEqual({ rulesetId: 'entrypoint', ruleId: zone.list?.at(-1)?.id });
  expect(JSON.stringify(now)).not.toContain('token');
});

it('is another rule in another zone or for another host', async () => {
  const { id, outs } = await provider.create(inputs);
  const changes = { ...inputs, host: 'films.example.com' };
  expect(await provider.diff(id, outs, changes)).toEqual({ changes: true, replaces: ['host'] });
});

it('keeps no stack from going when Cloudflare does not remove it', async () => {
  const { id, outs } = await provider.create(inputs);
  await configure('another');
  await provider.delete(id, outs);
  expect(said.mock.calls.flat().join()).toContain('remove it in the dashboard');
});
