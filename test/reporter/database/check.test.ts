import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../../reporter/database/check.ts';
import { migrate, readMigrations } from '../../../reporter/database/migrate.ts';
import { openPostgres } from '../../../reporter/database/open-postgres.ts';
import { startPostgres, type TestPostgres } from '../../helpers/reports/postgres.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ tls: true });
  await server.query((sql) => sql`create role app login`);
});
afterAll(() => server[Symbol.asyncDispose]());

async function makeTables(url: string): Promise<void> {
  const sql = openPostgres(url);
  await migrate(sql, await readMigrations());
  await sql.end({ timeout: 1 });
}

const asApp = (url: string) => url.replace('farm@', 'app@');

describe('a check of the database', () => {
  it('says whether its tables are there, and is not misled by a table of the owner with the same name', async () => {
    const url = await server.database('owners');
    await server.query((sql) => sql`create table jobs ()`, url);
    expect(await checkDatabase(url)).toMatchObject({
      ok: true,
      text: expect.stringMatching(/^Postgres \d+.* the first report makes its tables$/),
    });
    await makeTables(url);
    expect(await checkDatabase(url)).toMatchObject({
      ok: true,
      text: expect.stringContaining('its tables can be written'),
    });
  });

  it('fails where the user may neither create the schema nor write to tables of another user', async () => {
    const url = await server.database('rights');
    expect(await checkDatabase(asApp(url))).toMatchObject({
      ok: false,
      fix: 'Run as an administrator: create schema transcode_farm authorization USER;',
    });
    await makeTables(url);
    await server.query((sql) => sql`grant usage on schema transcode_farm to app`, url);
    await server.query((sql) => sql`grant all on all tables in schema transcode_farm to app`, url);
    // All was granted, and row-level security stops every insert all the same.
    expect(await checkDatabase(asApp(url))).toMatchObject({
      ok: false,
      text: expect.stringContaining('another user owns them'),
    });
  });

  it('accepts a schema that an administrator has made for the user', async () => {
    const url = await server.database('given');
    await server.query((sql) => sql`create schema transcode_farm authorization app`, url);
    expect((await checkDatabase(asApp(url))).ok).toBe(true);
    await makeTables(asApp(url));
    expect((await checkDatabase(asApp(url))).text).toContain('its tables can be written');
  });

  it('connects with the certificate of a private authority', async () => {
    const url = server.url.replace('127.0.0.1', 'localhost').replace('?sslmode=disable', '');
    expect(await checkDatabase(url, server.ca)).toMatchObject({ ok: true });
    expect(await checkDatabase(url)).toMatchObject({
      ok: false,
      text: expect.stringContaining('databaseCa'),
    });
  });

  it('shows no password of a database that does not answer', async () => {
    const check = await checkDatabase('postgres://farm:secret@127.0.0.1:1/x');
    expect(check.ok).toBe(false);
    expect(JSON.stringify(check)).not.toContain('secret');
  });
});
