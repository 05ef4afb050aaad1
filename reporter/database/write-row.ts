import type { ISql, JSONValue, Sql } from 'postgres';
import type { Report } from '../../worker/src/protocol/report.ts';
import { assetRows, jobRow } from './rows.ts';

/**
 * Writes the state of a job, unless its row has a newer one. One statement but for the end of a job, as each takes the database's answer
 * time, and thousands may wait when it was away.
 */
export async function writeRow(sql: Sql, report: Report): Promise<void> {
  const { state } = report;
  if (state.state !== 'succeeded') return void (await upsertJob(sql, report));
  await sql.begin(async (transaction) => {
    if (!(await upsertJob(transaction, report))) return;
    await transaction`delete from transcode_farm.media_assets where job_id = ${state.id}`;
    const assets = assetRows(state);
    if (assets.length > 0) await transaction`insert into transcode_farm.media_assets ${transaction(assets)}`;
  });
}

/**
 * `isNewer` of protocol/report.ts in SQL. So reports may come in any order, and more than once. status.json may lack the metadata, so a
 * state that was read from there leaves that of the row.
 * @returns false where the row is as new
 */
async function upsertJob(sql: ISql, { kind, state }: Report): Promise<boolean> {
  const { metadata, ...columns } = jobRow(state);
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const row = { ...columns, metadata: metadata && sql.json(JSON.parse(metadata) as JSONValue) };
  const isMetadataKnown = metadata !== null || kind !== 'catch-up';
  const written = await sql`
    insert into transcode_farm.jobs ${sql(row, [...names, 'metadata'])}
    on conflict (id) do update set ${sql(row, isMetadataKnown ? [...names, 'metadata'] : names)}
    where (jobs.queued_at, jobs.state in ('succeeded', 'failed'), jobs.sequence)
      < (excluded.queued_at, excluded.state in ('succeeded', 'failed'), excluded.sequence)`;
  return written.count > 0;
}
