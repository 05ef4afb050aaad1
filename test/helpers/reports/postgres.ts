import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Sql } from 'postgres';
import { openPostgres } from '../../../reporter/database/open-postgres.ts';

const run = promisify(execFile);

/** A database server of its own, thrown away at the end. It can be stopped and started, as outages do. */
export interface TestPostgres extends AsyncDisposable {
  /** Without TLS. */
  url: string;
  /** PEM certificate of the authority that signed the server's, for `localhost`. Undefined without TLS. */
  ca?: string;
  start(): Promise<void>;
  /** Cuts all connections. */
  stop(): Promise<void>;
  /** Another database on the same server, empty. */
  database(name: string): Promise<string>;
  /** Asks something, on a connection that is closed afterwards. */
  query<T extends object = Record<string, unknown>>(
    ask: (sql: Sql) => PromiseLike<readonly T[]>,
    url?: string,
  ): Promise<T[]>;
}

/**
 * Starts a server from the system's Postgres.
 * @param options `tls`: the server offers TLS, with a certificate of a private authority
 * @throws Error where there is none
 */
export async function startPostgres({ tls = false } = {}): Promise<TestPostgres> {
  const bin = await findPostgres();
  const dir = await mkdtemp(join(tmpdir(), 'farm-postgres-'));
  const owner = await serverUser();
  if (owner !== undefined) await chown(dir, owner.uid, owner.gid);
  const as = owner === undefined ? {} : { uid: owner.uid, gid: owner.gid };
  const data = join(dir, 'data');
  const port = await freePort();
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: dir };
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'farm', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...as,
    cwd: dir,
    env,
  });

  const certificate = tls ? await makeCertificate(dir, owner) : undefined;

  let server: ReturnType<typeof spawn> | undefined;
  // The server has no certificate unless a test gives it one.
  const url = `postgres://farm@127.0.0.1:${port}/postgres?sslmode=disable`;

  const start = async () => {
    const options = [
      'fsync=off',
      'shared_buffers=16MB',
      'max_connections=20',
      `unix_socket_directories=${dir}`,
      ...(certificate
        ? ['ssl=on', `ssl_cert_file=${certificate.file}`, `ssl_key_file=${certificate.key}`]
        : []),
    ];
    server = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...options.flatMap((option) => ['-c', option])],
      { ...as, cwd: dir, env, stdio: 'ignore' },
    );
    const deadline = Date.now() + 30_000;
    for (;;) {
      try {
        await query((sql) => sql`select 1`);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`Postgres did not start in ${dir}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };

  const stop = async () => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    // Postgres' immediate shutdown: connections break, as when a machine fails.
    running.kill('SIGQUIT');
    await exited;
  };

  const query: TestPostgres['query'] = async (ask, on = url) => {
    const sql = openPostgres(on);
    try {
      return [...(await ask(sql))];
    } finally {
      await sql.end({ timeout: 1 });
    }
  };

  await start();
  return {
    url,
    ...(certificate && { ca: certificate.pem }),
    start,
    stop,
    query,
    async database(name) {
      await query((sql) => sql`create database ${sql(name)}`);
      return url.replace('/postgres?', `/${name}?`);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The folder of initdb and postgres: on the PATH, from pg_config, or where Debian and Homebrew put them. */
async function findPostgres(): Promise<string> {
  const fromConfig = await run('pg_config', ['--bindir']).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  );
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? (await readdir(debian)).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...fromConfig,
    ...versions.map((version) => join(debian, version, 'bin')),
    '/opt/homebrew/bin',
    '/usr/local/bin',
  ];
  const found = folders.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  if (found !== undefined) return found;
  throw new Error(
    'There is no Postgres server on this machine (initdb and postgres); install package "postgresql".',
  );
}

/** A certificate for `localhost` that is its own authority; only the server's user may read the key. */
async function makeCertificate(dir: string, owner: { uid: number; gid: number } | undefined) {
  const [file, key] = [join(dir, 'server.pem'), join(dir, 'server.key')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', file],
  ]);
  await chmod(key, 0o600);
  if (owner !== undefined) for (const path of [file, key]) await chown(path, owner.uid, owner.gid);
  return { file, key, pem: await readFile(file, 'utf8') };
}

/** Postgres refuses to run as root. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const uid = Number((await run('id', ['-u', name])).stdout);
      const gid = Number((await run('id', ['-g', name])).stdout);
      return { uid, gid };
    } catch {
      // The next one, then.
    }
  }
  throw new Error('Postgres cannot run as root, and there is neither a user "postgres" nor "nobody".');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
