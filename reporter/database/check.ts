import { explainPostgresError, openPostgres } from './open-postgres.ts';

/** What was found of a database. */
export type DatabaseCheck = { ok: true; text: string } | { ok: false; text: string; fix?: string };

interface Rights {
  version: string;
  hasSchema: boolean;
  hasTables: boolean;
  mayCreate: boolean;
}

/**
 * Connects as the reporter does, and looks whether it could make and write its tables. Writes nothing.
 * @param ca PEM, where the server's certificate is signed by a private authority
 */
export async function checkDatabase(url: string, ca?: string): Promise<DatabaseCheck> {
  let sql: ReturnType<typeof openPostgres> | undefined;
  try {
    sql = openPostgres(url, ca);
    const [rights] = await sql<Rights[]>`
      select current_setting('server_version') as version,
        to_regnamespace('transcode_farm') is not null as "hasSchema",
        to_regclass('transcode_farm.jobs') is not null as "hasTables",
        has_database_privilege(current_database(), 'CREATE') as "mayCreate"`;
    if (rights === undefined) throw new Error('it answered with nothing');
    if (!rights.hasSchema && !rights.mayCreate) {
      return {
        ok: false,
        text: 'the user may not create the schema "transcode_farm"',
        fix: 'Run as an administrator: create schema transcode_farm authorization USER;',
      };
    }
    if (rights.hasTables && !(await mayWrite(sql))) {
      return {
        ok: false,
        text: 'the user may not write to the tables in "transcode_farm": another user owns them',
        fix: 'Run as an administrator, for both tables: alter table transcode_farm.jobs owner to USER;',
      };
    }
    const tables = rights.hasTables ? 'its tables can be written' : 'the first report makes its tables';
    return { ok: true, text: `Postgres ${rights.version} answers, ${tables}` };
  } catch (error) {
    return { ok: false, text: explainPostgresError(error) };
  } finally {
    await sql?.end({ timeout: 1 }).catch(() => undefined);
  }
}

/** Row-level security is on: whoever is not the owner is stopped by it, whatever was granted. */
async function mayWrite(sql: ReturnType<typeof openPostgres>): Promise<boolean> {
  const [row] = await sql<{ allowed: boolean }[]>`
    select bool_and(has_table_privilege(name, 'insert') and has_table_privilege(name, 'update')
      and has_table_privilege(name, 'delete') and not row_security_active(name)) as allowed
    from unnest(array['transcode_farm.jobs', 'transcode_farm.media_assets']) as name`;
  return row?.allowed ?? false;
}
