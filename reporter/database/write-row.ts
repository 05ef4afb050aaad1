import type { Sql } from 'postgres';
import type { Report } from '../../worker/src/protocol/report.ts';
import { assetRows, jobRow } from './rows.ts';

/**
 * Writes the state of a job, unless its row has a newer one: `isNewer` of protocol/report.ts in SQL. So reports may come in any
 * order, and more than once. status.json may lack the metadata, so a state that was read from there leaves that of the row.
 */
export async function writeRow(sql: Sql, { kind, state }: Report): Promise<void> {
  const { metadata, ...columns } = jobRow(state);
  await sql.begin(async (transaction) => {
    const row = columns;
    const names = Object.keys(row) as (keyof typeof row)[];
    const written = await transaction`
      insert into transcode_farm.jobs ${transaction(row, names)}
      on conflict (id) do update set ${transaction(row, names)}
      where (jobs.queued_at, jobs.state in ('succeeded', 'failed'), jobs.sequence)
        < (excluded.queued_at, excluded.state in ('succeeded', 'failed'), excluded.sequence)`;
    if (written.count === 0) return;
    if (metadata !== null || kind !== 'catch-up') {
      const json = metadata === null ? null : transaction`${metadata}::text::jsonb`;
      await transaction`update transcode_farm.jobs set metadata = ${json} where id = ${state.id}`;
    }
    if (state.state !== 'succeeded') return;
    await transaction`delete from transcode_farm.media_assets where job_id = ${state.id}`;
    const assets = assetRows(state);
    if (assets.length > 0) await transaction`insert into transcode_farm.media_assets ${transaction(assets)}`;
  });
}
