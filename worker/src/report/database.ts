import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import type { Logger } from '../log.ts';
import type { JobState } from '../protocol/status.ts';
import { type Migration, migrate } from './migrate.ts';
import { explainPostgresError, openPostgres } from './open-postgres.ts';
import { assetRows, jobRow } from './rows.ts';
import type { Sink } from './sink.ts';
import { isFinal } from './transitions.ts';

export interface DatabaseOptions {
  url: string;
  /** PEM certificates to trust instead of the public ones. */
  ca?: string | undefined;
  migrations: readonly Migration[];
  log: Logger;
  /** A call that takes longer counts as failed. @default 10 */
  callSeconds?: number;
  /** Before the second try; doubles up to 30. @default 1 */
  retrySeconds?: number;
}

/** More jobs than this are not remembered while the database is down; running ones are forgotten first. */
const maxPending = 5000;

/** A state that waited longer than this may be older than what another worker has written since. */
const lateMs = 10_000;

/**
 * Keeps a row for each job. The newest state of each job waits until it is written, however long the database is away;
 * jobs never wait for it.
 */
export function createDatabase(options: DatabaseOptions): Sink & { migrated(): Promise<void> } {
  const { url, ca, migrations, log, callSeconds = 10, retrySeconds = 1 } = options;
  const pending = new Map<string, { state: JobState; since: number }>();
  const closing = new AbortController();
  const idleWaiters = new Set<() => void>();
  let ready: Sql | undefined;
  let working: Promise<void> | undefined;

  /** A connection to tables that are there. A connection that failed once is thrown away. */
  const connect = async (): Promise<Sql> => {
    if (ready !== undefined) return ready;
    const sql = openPostgres(url, ca);
    try {
      const applied = await within(callSeconds, migrate(sql, migrations));
      if (applied.length > 0) log.info({ migrations: applied }, 'database tables made');
    } catch (error) {
      await disconnect(sql);
      throw error;
    }
    ready = sql;
    return sql;
  };

  const writeNewest = async (jobId: string) => {
    const entry = pending.get(jobId);
    if (entry === undefined) return;
    const sql = await connect();
    try {
      await within(callSeconds, writeState(sql, entry.state, Date.now() - entry.since > lateMs));
    } catch (error) {
      if (isRefusal(error)) {
        log.error({ err: error, job: jobId }, "the database rejected the job's row");
      } else {
        ready = undefined;
        await disconnect(sql);
        throw error;
      }
    }
    // A newer state may have come meanwhile.
    if (pending.get(jobId) === entry) pending.delete(jobId);
  };

  const writeAll = async () => {
    let failures = 0;
    while (pending.size > 0 || ready === undefined) {
      try {
        await connect();
        for (const jobId of [...pending.keys()]) {
          await writeNewest(jobId);
          failures = 0;
          wakeWaiters();
        }
      } catch (error) {
        if (closing.signal.aborted) return;
        failures += 1;
        const seconds = Math.min(30, retrySeconds * 2 ** (failures - 1)) * (1 + Math.random() / 5);
        log.warn(
          { err: error, waiting: pending.size },
          `${explainPostgresError(error)} Trying again in ${seconds.toFixed(1)} s.`,
        );
        await sleep(seconds * 1000, undefined, { ref: false, signal: closing.signal }).catch(() => {});
      }
    }
  };

  const work = (): Promise<void> => {
    working ??= writeAll().finally(() => {
      working = undefined;
      if (pending.size > 0 && !closing.signal.aborted) void work();
    });
    return working;
  };

  const wakeWaiters = () => {
    const waiters = [...idleWaiters];
    idleWaiters.clear();
    for (const wake of waiters) wake();
  };

  const remember = (state: JobState) => {
    // Taken out first, so that the map stays in the order of the last words.
    pending.delete(state.id);
    pending.set(state.id, { state, since: Date.now() });
    if (pending.size > maxPending) forgetOne(pending, log);
    void work();
  };

  const untilWritten = async (isWritten: () => boolean, signal: AbortSignal) => {
    while (!isWritten() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        idleWaiters.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  };

  return {
    migrated: work,
    transition: remember,
    progress: remember,
    flush: (jobId, signal) => untilWritten(() => !pending.has(jobId), signal),
    abandon: (jobId) => void pending.delete(jobId),
    async close(signal) {
      await untilWritten(() => pending.size === 0, signal);
      if (pending.size > 0)
        log.error({ jobs: [...pending.keys()] }, 'the rows of these jobs were not written');
      closing.abort();
      if (ready !== undefined) await disconnect(ready);
    },
  };
}

/** @param late whether another worker may have said something newer meanwhile */
async function writeState(sql: Sql, state: JobState, late: boolean): Promise<void> {
  const { metadata, ...columns } = jobRow(state);
  await sql.begin(async (transaction) => {
    const json = metadata === null ? null : transaction`${metadata}::text::jsonb`;
    const row = { ...columns, updated_at: state.updatedAt };
    const names = Object.keys(row) as (keyof typeof row)[];
    const written = await transaction`
      insert into transcode_farm.jobs ${transaction(row, names)}
      on conflict (id) do update set ${transaction(row, names)}
      where not ${late}::boolean
        or jobs.worker is not distinct from excluded.worker
        or jobs.updated_at <= excluded.updated_at`;
    if (written.count === 0) return;
    await transaction`update transcode_farm.jobs set metadata = ${json} where id = ${state.id}`;
    if (state.state !== 'succeeded') return;
    await transaction`delete from transcode_farm.media_assets where job_id = ${state.id}`;
    const assets = assetRows(state);
    if (assets.length > 0) await transaction`insert into transcode_farm.media_assets ${transaction(assets)}`;
  });
}

/** Errors in the data itself (SQLSTATE classes 22 and 23): to try them again would only hold up the others. */
function isRefusal(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^2[23]/.test(error.code);
}

function forgetOne(pending: Map<string, { state: JobState }>, log: Logger): void {
  const entries = [...pending];
  const [jobId] = entries.find(([, { state }]) => !isFinal(state.state)) ?? entries[0] ?? [];
  if (jobId === undefined) return;
  pending.delete(jobId);
  log.error({ job: jobId }, 'too many rows wait for the database; the row of this job is dropped');
}

async function disconnect(sql: Sql): Promise<void> {
  await sql.end({ timeout: 1 }).catch(() => {});
}

/** A query on a connection that went silent would never end. */
async function within<T>(seconds: number, query: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`The database did not answer within ${seconds} s.`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([query, late]);
  } finally {
    timer.abort();
    query.catch(() => {});
  }
}
