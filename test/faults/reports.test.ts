import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type FaultFarm,
  get,
  holdAt,
  put,
  startFaultFarm,
  webhookSecret,
} from '../helpers/local-farm/fault-farm.ts';
import { expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { preload } from '../helpers/local-farm/preloads.ts';
import { startPostgres, type TestPostgres } from '../helpers/reports/postgres.ts';
import { type Answer, respond } from '../helpers/reports/receiver.ts';
import { isStrict, patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';
import { drip, flood, startUnwellReceiver, type UnwellReceiver } from './unwell-receiver.ts';

let faults: FaultFarm;
let database: TestPostgres;

beforeAll(async () => {
  database = await startPostgres();
  faults = await startFaultFarm(
    { ALLOW_JOB_WEBHOOKS: 'true', REPORT_PROGRESS: 'true' },
    { reporter: { DATABASE_URL: database.url } },
  );
});
afterEach(() => faults.reset());
afterAll(async () => {
  await faults[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

describe('a clock that is wrong', () => {
  it.each([-600, 600])('by %i s: the film is made and reported', async (seconds) => {
    const id = await faults.send();
    faults.startWorker(await preload(faults.folder, 'skew', seconds));
    expect((await expectFilm(faults, id)).attempt).toBe(1);
  });

  it('and jumps back ten minutes in the middle of a job: the message is held on to', async () => {
    const id = await faults.send();
    const worker = faults.startWorker(await preload(faults.folder, 'jump', -600));
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    process.kill(worker.pid, 'SIGUSR2');
    // Longer than the message is hidden without a heartbeat.
    await sleep(4000);
    faults.s3.heal();
    const state = await expectFilm(faults, id);
    expect(state.attempt).toBe(1);
    expect(state.timings.totalSeconds).toBeGreaterThanOrEqual(0);
    expect(worker.log.some((line) => line.includes('job interrupted'))).toBe(false);
  });

  it('by more than storage and queue allow: the worker takes the time from their answers', async () => {
    const id = await faults.send();
    for (const proxy of [faults.s3, faults.sqs]) {
      proxy.inject(tooSkewed, { match: ({ headers }) => secondsOff(String(headers['x-amz-date'])) > 900 });
    }
    faults.startWorker(await preload(faults.folder, 'skew', -1200));
    expect((await expectFilm(faults, id)).attempt).toBe(1);
    expect(faults.s3.spoilt).toBeGreaterThan(0);
    expect(faults.sqs.spoilt).toBeGreaterThan(0);
  });

  it('and storage goes on refusing it: that is what the job says', async () => {
    const id = await faults.send();
    faults.s3.inject(tooSkewed, get(/\/clip\.mp4$/));
    faults.startWorker({ MAX_ATTEMPTS: '1' });
    const state = await expectRefused(faults, id, 'trouble');
    expect(state.error?.message).toContain('The clock of this machine differs');
  });
});

const tooSkewed = { kind: 'status', status: 403, code: 'RequestTimeTooSkewed' } as const;

/** @param stamp such as `20260102T030405Z` */
function secondsOff(stamp: string): number {
  const [, date, time] = /^(\d{8})T(\d{6})Z$/.exec(stamp) ?? [];
  if (!date || !time) return 0;
  const iso = `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
  return Math.abs(Date.parse(iso) - Date.now()) / 1000;
}

describe('a database that is away', () => {
  const row = async (id: string) =>
    (
      await database.query(
        (sql) => sql<{ state: string }[]>`select state from transcode_farm.jobs where id = ${id}`,
      )
    )[0];

  it('when the job runs: the film is made, and its row written later', async () => {
    await database.stop();
    const id = await faults.send();
    faults.startWorker();
    await expectFilm(faults, id);
    await database.start();
    await until(async () => (await row(id).catch(() => undefined))?.state === 'succeeded', 'the row');
  });

  it('in the middle of a job: the film is made, and its row written later', async () => {
    const id = await faults.send();
    faults.startWorker();
    await until(async () => (await row(id))?.state === 'running', 'the row of the running job');
    await holdAt(faults.s3, put(/\/index\.m3u8$/));
    await database.stop();
    faults.s3.heal();
    await expectFilm(faults, id);
    await database.start();
    await until(async () => (await row(id))?.state === 'succeeded', 'the row');
  });

  it('for a moment, its connections killed: the row is written on a new one', async () => {
    const id = await faults.send();
    faults.startWorker();
    await until(async () => (await row(id))?.state === 'running', 'the row of the running job');
    await database.query(
      (sql) =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    await expectFilm(faults, id);
    await until(async () => (await row(id))?.state === 'succeeded', 'the row');
  });
});

describe('a webhook receiver that is unwell', () => {
  // The first answer to each event, and how often each is posted then: the second try comes after 5 s.
  const answers: [what: string, first: Answer, tries: number][] = [
    ['500', respond(500), 2],
    ['429 with Retry-After', respond(429, { 'retry-after': '1' }), 2],
    ['410', respond(410), 1],
    ['a redirect', respond(302, { location: 'http://127.0.0.1:1/' }), 2],
    ['a reset', (request) => request.socket.resetAndDestroy(), 2],
    ['a body that drips', drip, 1],
    ['a body without end', flood, 1],
    // The reporter waits 15 s for each: longer than this test.
    ['nothing', () => {}, 0],
  ];

  it(
    'holds up no job, and is reported again as the schedule has it',
    async () => {
      await using stack = new AsyncDisposableStack();
      const started = new Map<string, { id: string; receiver: UnwellReceiver; expected: number }>();
      for (const [what, first, expected] of answers) {
        const receiver = stack.use(await startUnwellReceiver(first, webhookSecret));
        const id = await faults.send({ options: { webhook: receiver.url } });
        started.set(what, { id, receiver, expected });
      }
      faults.startWorker();
      faults.startWorker();
      for (const { id } of started.values()) {
        const { timings } = await faults.farm.waitFor(id, 'succeeded', 90);
        // A receiver that never answers is waited for 15 s.
        expect(timings.totalSeconds).toBeLessThan(14);
      }
      for (const [what, { receiver, expected }] of started) {
        const counts = () => [...receiver.tries.values()];
        if (expected === 0) continue;
        // Running and succeeded; whoever says 410 gets no more events.
        const events = what === '410' ? 1 : 2;
        await until(
          () => counts().filter((count) => count >= expected).length === events,
          `the tries of ${what}`,
          90,
        );
        // Where services lose answers, an event may be posted once more.
        if (!isStrict) expect(counts(), what).toEqual(Array(events).fill(expected));
        expect(receiver.forged, what).toBe(0);
      }
    },
    240_000 * patience,
  );
});
