import { explainPostgresError, openPostgres } from '../../worker/src/report/open-postgres.ts';
import { type Finding, failed, notAsked, ok, warning } from './finding.ts';

/** How the workers reach their database. */
export interface DatabaseAccess {
  url: string | undefined;
  /** PEM, where the server's certificate is signed by a private authority. */
  ca?: string | undefined;
}

interface Rights {
  version: string;
  hasSchema: boolean;
  hasTables: boolean;
  mayCreate: boolean;
}

/**
 * Connects as the workers do, and looks whether they could make and write their tables. Writes nothing.
 * @param from `here`: DATABASE_URL of this shell; `farm`: the workers' own
 */
export async function checkDatabase({ url, ca }: DatabaseAccess, from: 'here' | 'farm'): Promise<Finding> {
  if (!url) return notAsked('database', 'DATABASE_URL is not set here');
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
      return failed(
        'database',
        'the user may not create the schema "transcode_farm"',
        'Run as an administrator: create schema transcode_farm authorization USER;',
      );
    }
    if (rights.hasTables && !(await mayWrite(sql))) {
      return failed(
        'database',
        'the user may not write to the tables in "transcode_farm": another user owns them',
        'Run as an administrator, for both tables: alter table transcode_farm.jobs owner to USER;',
      );
    }
    const tables = rights.hasTables ? 'its tables can be written' : 'the first worker makes its tables';
    return ok('database', `Postgres ${rights.version} answers, ${tables}`);
  } catch (error) {
    const why = explainPostgresError(error);
    return from === 'here'
      ? failed('database', why, 'Check DATABASE_URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE.')
      : warning(
          'database',
          why,
          'For a database in a private network that is expected from here: look at the log of the workers (docs/operations.md).',
        );
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
