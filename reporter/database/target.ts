import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import type { Report } from '../../worker/src/protocol/report.ts';
import type { Attempt, TargetResult } from '../attempt.ts';
import type { ReportTarget } from '../handle.ts';
import type { ReporterLog } from '../log.ts';
import { type Migration, migrate } from './migrate.ts';
import { explainPostgresError, openPostgres } from './open-postgres.ts';
import { writeRow } from './write-row.ts';

export interface DatabaseTargetOptions {
  url: string;
  /** PEM certificates to trust instead of the public ones. */
  ca?: string | undefined;
  migrations: readonly Migration[];
  log: ReporterLog;
  /** A call that takes longer counts as failed. @default 5 */
  callSeconds?: number;
  /** Divides every wait. @default 1 */
  speedup?: number;
  clock?: () => Date;
}

/** Waits before each further try in seconds; the last one again and again. */
const waitsSeconds = [5, 15, 60, 120, 300, 600, 900] as const;

/** As long as webhooks are tried; `farm reconcile` writes what was given up. */
const longestSeconds = 28 * 3600;

/** A database that failed is left alone for up to so long. */
const longestPauseSeconds = 30;

/** Keeps a row for each job, at the newest state that was reported. One connection, one write at a time. */
export class DatabaseTarget implements ReportTarget {
  readonly #options: DatabaseTargetOptions;
  readonly #speedup: number;
  readonly #clock: () => Date;
  #ready: Sql | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #pausedUntil = 0;

  constructor(options: DatabaseTargetOptions) {
    this.#options = options;
    this.#speedup = options.speedup ?? 1;
    this.#clock = options.clock ?? (() => new Date());
  }

  takes(): boolean {
    return true;
  }

  deliver(report: Report, attempt: Attempt): Promise<TargetResult> {
    const turn = this.#turn.then(() => this.#deliver(report, attempt));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.#turn;
    if (this.#ready !== undefined) await disconnect(this.#ready);
    this.#ready = undefined;
  }

  async #deliver(report: Report, attempt: Attempt): Promise<TargetResult> {
    const { callSeconds = 5 } = this.#options;
    if (performance.now() < this.#pausedUntil)
      return this.#again(attempt, 'The database failed a moment ago.');
    try {
      await this.#write(report, callSeconds);
      this.#failures = 0;
      return { kind: 'done' };
    } catch (error) {
      if (isRejected(error)) {
        return { kind: 'give-up', code: 'rejected', why: `The database rejected the row: ${error.message}` };
      }
      this.#failures += 1;
      const pauseSeconds = Math.min(longestPauseSeconds, 2 ** (this.#failures - 1)) / this.#speedup;
      this.#pausedUntil = performance.now() + pauseSeconds * 1000;
      return this.#again(attempt, explainPostgresError(error));
    }
  }

  /** A connection that was open before may have been closed by the server, as while a function sleeps: then on a new one. */
  async #write(report: Report, callSeconds: number): Promise<void> {
    const wasOpen = this.#ready !== undefined;
    try {
      const sql = await this.#connect(callSeconds);
      await within(callSeconds, writeRow(sql, report));
    } catch (error) {
      if (isRejected(error)) throw error;
      const sql = this.#ready;
      this.#ready = undefined;
      if (sql !== undefined) await disconnect(sql);
      if (!wasOpen) throw error;
      await this.#write(report, callSeconds);
    }
  }

  #again({ tries, firstAt }: Attempt, why: string): TargetResult {
    const ageSeconds = ((this.#clock().getTime() - firstAt.getTime()) / 1000) * this.#speedup;
    if (ageSeconds > longestSeconds) return { kind: 'give-up', code: 'not-written', why };
    const wait = waitsSeconds[Math.min(tries, waitsSeconds.length - 1)] ?? 0;
    return { kind: 'again', inSeconds: (wait * (1 + Math.random() / 5)) / this.#speedup, counts: true, why };
  }

  /** A connection to tables that are up to date. */
  async #connect(callSeconds: number): Promise<Sql> {
    if (this.#ready !== undefined) return this.#ready;
    const { url, ca, migrations, log } = this.#options;
    const sql = openPostgres(url, ca);
    try {
      const applied = await within(callSeconds, migrate(sql, migrations));
      if (applied.length > 0) log.info({ migrations: applied }, 'database tables made');
    } catch (error) {
      await disconnect(sql);
      throw error;
    }
    this.#ready = sql;
    return sql;
  }
}

/** Errors in the data itself (SQLSTATE classes 22 and 23): another try would end the same way. */
function isRejected(error: unknown): error is postgres.PostgresError {
  return error instanceof postgres.PostgresError && /^2[23]/.test(error.code);
}

async function disconnect(sql: Sql): Promise<void> {
  await sql.end({ timeout: 1 }).catch(() => {});
}

/** A query on a connection that went silent never ends. */
async function within<T>(seconds: number, query: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${seconds} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([query, late]);
  } finally {
    timer.abort();
    query.catch(() => {});
  }
}
