import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localCredentials } from '../../cli/local-farm/emulator.ts';
import { portalProgram } from '../../infra/functions/bundle.ts';
import { layOutImage, readContent } from '../../infra/portal/image.ts';
import { hashPassword } from '../../portal/src/auth/password.ts';
import { serve } from '../../portal/src/hosts/node.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../helpers/media/clips.ts';
import { until } from '../helpers/until.ts';

const password = 'correct horse battery staple';
const origin = 'https://films.example.com';
/** As the load balancer sends what a browser asked for. */
const forwarded = {
  host: 'films.example.com',
  'x-forwarded-proto': 'https',
  'x-forwarded-for': '198.51.100.1, 203.0.113.9',
};

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** `fetch` has no say in the header `host`. */
function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { port, path, method, headers: { ...headers }, agent: false, host: '127.0.0.1' },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the image as it is built', () => {
  let farm: TestFarm;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let container: ChildProcess;
  let port: number;
  let log = '';

  beforeAll(async () => {
    farm = await startLocalFarm();
    folder = await temporaryFolder();
    const image = join(folder.path, 'image');
    layOutImage(readContent(), image);
    // Nothing of this machine is in its environment, and it has neither TypeScript nor the repository.
    container = spawn(process.execPath, ['--no-experimental-strip-types', portalProgram], {
      cwd: image,
      env: {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
        FARM: JSON.stringify(addressOf(farm)),
        PORT: '0',
        PORTAL_ORIGIN: origin,
        PORTAL_PASSWORD_HASH: await hashPassword(password),
        PORTAL_SIGNING_KEY: 'k'.repeat(43),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [container.stdout, container.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (log += text));
    await until(() => log.includes('listens on') || container.exitCode !== null, 'the portal');
    expect(log).toContain('listens on');
    port = Number(/:(\d+)\./.exec(log)?.[1]);
  }, 60_000);

  afterAll(async () => {
    container?.kill('SIGKILL');
    await farm?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it('is Node, the portal and its packages; nothing runs while it is built, and no one special runs it', () => {
    const dockerfile = readFileSync(join(folder.path, 'image/Dockerfile'), 'utf8');
    expect(dockerfile).not.toMatch(/^RUN/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain(`CMD ["node", "${portalProgram}"]`);
  });

  it('has the same modes whatever the machine, so that the image’s user reads all of it', () => {
    const root = join(folder.path, 'image');
    const modes = globSync('**', { cwd: root }).map((path) => statSync(join(root, path)));
    expect(modes.length).toBeGreaterThan(500);
    for (const stats of modes) expect(stats.mode & 0o777).toBe(stats.isDirectory() ? 0o755 : 0o644);
  });

  it('answers the load balancer’s health check, which asks by an address', async () => {
    expect(await send(port, '/health')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('serves its page under its domain and under no other name', async () => {
    const page = await send(port, '/', { headers: forwarded });
    expect(page).toMatchObject({
      status: 200,
      body: expect.stringContaining('<title>transcode-farm</title>'),
    });
    const other = await send(port, '/', { headers: { ...forwarded, host: 'evil.example' } });
    expect(other.status).toBe(421);
  });

  it('lets in who knows the password, with a cookie for HTTPS, and lists jobs', async () => {
    const signedIn = await send(port, '/api/session', {
      method: 'POST',
      headers: { ...forwarded, origin, 'content-type': 'application/json' },
      body: JSON.stringify({ password }),
    });
    expect(signedIn.status).toBe(204);
    const [cookie = ''] = [signedIn.headers['set-cookie'] ?? []].flat();
    expect(cookie).toMatch(/^__Host-farm=.*Secure$/);
    const jobs = await send(port, '/api/jobs', {
      headers: { ...forwarded, cookie: cookie.split(';')[0] },
    });
    expect(jobs).toMatchObject({ status: 200, body: '{"jobs":[],"next":null}' });
    // The audit log names the address that the load balancer saw, whatever the client wrote before it.
    expect(log).toContain('"action":"signIn","who":"password","ip":"203.0.113.9"');
  });

  it('ends by SIGTERM, with nothing left to do', async () => {
    container.kill('SIGTERM');
    expect(await once(container, 'exit')).toEqual([0, null]);
    expect(log).toContain('SIGTERM: the portal ends');
  });
});

describe('a host that drains', () => {
  it('answers what came in, ends its connection, and takes nothing new', async () => {
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const host = await serve(() => ({
      handle: () => {
        begun.resolve();
        return answer.promise;
      },
      ...unused,
    }));
    const port = Number(new URL(host.origin).port);
    const running = send(port, '/', { headers: { connection: 'keep-alive' } });
    await begun.promise;
    const drained = host.drain(60);
    await expect(send(port, '/')).rejects.toThrow('ECONNREFUSED');
    answer.resolve(new Response('done'));
    expect(await running).toMatchObject({ status: 200, body: 'done', headers: { connection: 'close' } });
    await drained;
  });

  it('ends what takes longer than it may', async () => {
    const begun = Promise.withResolvers<void>();
    const host = await serve(() => ({
      handle: () => {
        begun.resolve();
        return new Promise(() => undefined);
      },
      ...unused,
    }));
    const running = send(Number(new URL(host.origin).port), '/');
    const ended = expect(running).rejects.toThrow('socket hang up');
    await begun.promise;
    await host.drain(0.05);
    await ended;
  });
});

describe('headers of a load balancer', () => {
  const echo = () => ({
    handle: async (request: Request, ip: string) => Response.json({ url: request.url, ip }),
    ...unused,
  });

  it('count only behind one: elsewhere a client could write them itself', async () => {
    const host = await serve(echo);
    const { body } = await send(Number(new URL(host.origin).port), '/', { headers: forwarded });
    expect(JSON.parse(body)).toEqual({ url: 'http://films.example.com/', ip: '127.0.0.1' });
    await host.close();
  });

  it('give the client’s address by their last entry, which the load balancer wrote', async () => {
    const host = await serve(echo, { behindProxy: true });
    const { body } = await send(Number(new URL(host.origin).port), '/', { headers: forwarded });
    expect(JSON.parse(body)).toEqual({ url: `${origin}/`, ip: '203.0.113.9' });
    await host.close();
  });
});

const unused = {
  signInPath: () => '',
  sharePath: () => '',
  openApi: () => ({}),
};
