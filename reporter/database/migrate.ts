import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';

export interface Migration {
  /** File name without `.sql`, such as `001-jobs`. */
  name: string;
  sql: string;
}

/** Migrations that ship with the reporter, in order. */
export async function readMigrations(
  folder = new URL('./migrations/', import.meta.url),
): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: file.replace(/\.sql$/, ''),
      sql: await readFile(new URL(file, folder), 'utf8'),
    })),
  );
}

/** Any number that only this program uses: reporters that start together migrate one after another. */
const lockKey = 7_215_104_633;

/**
 * Brings the tables up to date, in one transaction. They have a separate schema: a table `jobs` of the owner's app is never
 * touched, and services that publish the schema `public` (Supabase) do not publish these.
 * @returns names of the migrations that were applied
 */
export async function migrate(sql: Sql, migrations: readonly Migration[]): Promise<string[]> {
  return sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(${lockKey})`;
    const [found] = await transaction`select 1 from pg_namespace where nspname = 'transcode_farm'`;
    // "if not exists" would ask for the right to create schemas even where an administrator has made this one.
    if (found === undefined) await transaction`create schema transcode_farm`;
    await transaction`
      create table if not exists transcode_farm.migrations (
        name text primary key,
        applied_at timestamptz not null default now()
      )`;
    const rows = await transaction<{ name: string }[]>`select name from transcode_farm.migrations`;
    const done = new Set(rows.map(({ name }) => name));
    const missing = migrations.filter(({ name }) => !done.has(name));
    for (const { name, sql: text } of missing) {
      await transaction.unsafe(text).simple();
      await transaction`insert into transcode_farm.migrations (name) values (${name})`;
    }
    return missing.map(({ name }) => name);
  });
}
