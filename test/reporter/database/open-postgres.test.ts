import { connect as connectTcp, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  explainPostgresError,
  openPostgres,
  postgresConnection,
} from '../../../reporter/database/open-postgres.ts';
import { startPostgres, type TestPostgres } from '../../helpers/reports/postgres.ts';

describe('a database URL', () => {
  it.each(['', '?sslmode=require', '?sslmode=prefer', '?sslmode=verify-full', '?ssl=true'])(
    'that ends in "%s" means TLS with a verified certificate',
    (ending) => {
      const { url, ssl } = postgresConnection(`postgres://farm:pw@db.example:5432/films${ending}`);
      expect(ssl).toEqual({});
      expect(url).toBe('postgres://farm:pw@db.example:5432/films');
    },
  );

  it('means no TLS only where it says sslmode=disable', () => {
    expect(postgresConnection('postgres://farm@db.example/films?sslmode=disable').ssl).toBe(false);
  });

  it('loses the parameters of clients and keeps those of the server', () => {
    const { url } = postgresConnection(
      'postgresql://u:p%40w@ep-1.neon.tech/films?channel_binding=require&pgbouncer=true&connection_limit=1&application_name=farm',
    );
    expect(url).toBe('postgresql://u:p%40w@ep-1.neon.tech/films?application_name=farm');
  });

  it('takes the certificate of a private authority', () => {
    expect(postgresConnection('postgres://db.example/films', 'PEM').ssl).toEqual({ ca: 'PEM' });
  });
});

describe('a connection', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres({ tls: true });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const withTls = () => server.url.replace('127.0.0.1', 'localhost').replace('?sslmode=disable', '');
  const failureOf = async (url: string, ca?: string) => {
    const sql = openPostgres(url, ca);
    try {
      await sql`select 1`;
      return undefined;
    } catch (error) {
      return explainPostgresError(error);
    } finally {
      await sql.end({ timeout: 1 });
    }
  };

  it('is encrypted, and refuses a certificate that nobody vouches for', async () => {
    expect(await failureOf(withTls())).toContain("Set databaseCa to its authority's certificate");
    const sql = openPostgres(withTls(), server.ca);
    const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    await sql.end({ timeout: 1 });
    expect(row).toEqual({ ssl: true });
  });

  it('refuses the certificate of another host', async () => {
    const url = withTls().replace('localhost', '127.0.0.1');
    expect(await failureOf(url, server.ca)).toContain('not accepted');
  });

  it('says that a server offers no TLS, and how to go on', async () => {
    await using plain = await startPostgres();
    const url = plain.url.replace('?sslmode=disable', '');
    expect(await failureOf(url)).toContain('add ?sslmode=disable to databaseUrl');
  });

  it.each([
    ['a database that is not there', (url: string) => url.replace('/postgres', '/nowhere'), 'does not exist'],
    ['a user that is not there', (url: string) => url.replace('farm@', 'nobody@'), 'refuses the login'],
  ])('explains %s', async (_what, change, message) => {
    expect(await failureOf(change(server.url))).toContain(message);
  });

  it('names no prepared statement, which a transaction pooler would lose', async () => {
    const named: string[] = [];
    await using proxy = await spyOnStatements(server.url, named);
    const sql = openPostgres(proxy.url);
    await sql`select ${1}::int`;
    await sql`select ${2}::int`;
    await sql.end({ timeout: 1 });
    expect(named.length).toBeGreaterThanOrEqual(2);
    expect(named.join('')).toBe('');
  });
});

/** Passes a connection on, and notes the name of each statement that is parsed (PostgreSQL protocol 3.0, Parse). */
async function spyOnStatements(url: string, names: string[]) {
  const { hostname, port } = new URL(url);
  const server = createServer((client) => {
    const upstream = connectTcp(Number(port), hostname);
    let buffered: Buffer = Buffer.alloc(0);
    let started = false;
    client.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (;;) {
        const lengthAt = started ? 1 : 0;
        if (buffered.length < lengthAt + 4) break;
        const size = lengthAt + buffered.readUInt32BE(lengthAt);
        if (buffered.length < size) break;
        if (started && buffered[0] === 'P'.charCodeAt(0)) {
          names.push(buffered.subarray(5, buffered.indexOf(0, 5)).toString());
        }
        started = true;
        buffered = buffered.subarray(size);
      }
      upstream.write(chunk);
    });
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: ownPort } = server.address() as { port: number };
  return {
    url: url.replace(`:${port}/`, `:${ownPort}/`),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
