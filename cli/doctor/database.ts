import postgres from 'postgres';
import { type Finding, failed, notAsked, ok, warning } from './finding.ts';

/** @param from `here`: DATABASE_URL of this shell; `farm`: the workers' own */
export async function checkDatabase(url: string | undefined, from: 'here' | 'farm'): Promise<Finding> {
  if (!url) return notAsked('database', 'DATABASE_URL is not set here');
  let sql: ReturnType<typeof postgres> | undefined;
  try {
    sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
    const [row] = await sql<{ version: string; table: string | null }[]>`
      select current_setting('server_version') as version, to_regclass('jobs')::text as table`;
    const tables = row?.table ? 'its tables are there' : 'the first worker makes its tables';
    return ok('database', `Postgres ${row?.version} answers, ${tables}`);
  } catch (error) {
    const why = `it can't be reached from here: ${(error as Error).message || (error as { code?: string }).code}`;
    return from === 'here'
      ? failed('database', why, 'Check DATABASE_URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE.')
      : warning(
          'database',
          why,
          "That is right for one in a private network: look at the workers' log instead (docs/operations.md).",
        );
  } finally {
    await sql?.end({ timeout: 1 }).catch(() => undefined);
  }
}
