import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Protection } from '../../../worker/src/queue/protection.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';

/** Takes the calls that ECS' agent takes. */
async function startAgent(answer = { status: 200, body: '{"protection":{}}' }) {
  const calls: { method?: string; path?: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    calls.push({ method: request.method, path: request.url, body: JSON.parse(await text(request)) });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    calls,
    uri: `http://127.0.0.1:${port}/api/1234`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const on = { ProtectionEnabled: true, ExpiresInMinutes: 30 };
const off = { ProtectionEnabled: false };

it('a task is protected from its first job to its last, in the words of the ECS agent', async () => {
  await using agent = await startAgent();
  const protection = new Protection(agent.uri, recordingLogger().log);
  protection.busy();
  await vi.waitFor(() => expect(agent.calls).toHaveLength(1));
  expect(agent.calls[0]).toEqual({ method: 'PUT', path: '/api/1234/task-protection/v1/state', body: on });
  protection.busy();
  protection.idle();
  await sleep(1200);
  expect(agent.calls).toHaveLength(1);
  protection.idle();
  await vi.waitFor(() => expect(agent.calls.map(({ body }) => body)).toEqual([on, off]), { timeout: 3000 });
  protection.close();
});

it('a task whose next job follows at once stays protected', async () => {
  await using agent = await startAgent();
  const protection = new Protection(agent.uri, recordingLogger().log);
  protection.busy();
  await vi.waitFor(() => expect(agent.calls).toHaveLength(1));
  protection.idle();
  protection.busy();
  await sleep(1300);
  expect(agent.calls.map(({ body }) => body)).toEqual([on]);
  protection.close();
});

it('protection is renewed while a job runs', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await using agent = await startAgent();
    const protection = new Protection(agent.uri, recordingLogger().log);
    protection.busy();
    await vi.waitFor(() => expect(agent.calls).toHaveLength(1));
    vi.advanceTimersByTime(25 * 60_000);
    await vi.waitFor(() => expect(agent.calls.map(({ body }) => body)).toEqual([on, on, on]));
    protection.close();
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  ['says no', { status: 403, body: '{"error":{"Code":"AccessDeniedException"}}' }],
  ['has ECS say no', { status: 200, body: '{"failure":{"Reason":"DEPLOYMENT_BLOCKED"}}' }],
])('an agent that %s is logged and stops nothing', async (_, answer) => {
  await using agent = await startAgent(answer);
  const { log, lines } = recordingLogger();
  const protection = new Protection(agent.uri, log);
  protection.busy();
  await vi.waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ level: 40, enabled: true })));
  protection.close();
});

it('an agent that is not there is logged and stops nothing', async () => {
  const { log, lines } = recordingLogger();
  const protection = new Protection('http://127.0.0.1:1/api', log);
  protection.busy();
  await vi.waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ level: 40, enabled: true })));
  protection.close();
});

it('without an agent nothing is asked', () => {
  const { log, lines } = recordingLogger();
  const protection = new Protection(undefined, log);
  protection.busy();
  protection.idle();
  protection.close();
  expect(lines).toEqual([]);
});
