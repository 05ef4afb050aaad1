import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import type { FarmProcess } from '../../cli/local-farm/process.ts';
import { triesAfterSeconds } from '../../reporter/webhooks/schedule.ts';
import { isFinal, isNewer, type Report } from '../../worker/src/protocol/report.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { seededRandom } from '../helpers/media/mutations.ts';
import { queued, running, succeeded } from '../helpers/reports/job-states.ts';
import { startPostgres } from '../helpers/reports/postgres.ts';
import { startSlowNetwork } from '../helpers/reports/slow-network.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

/** More with REPORT_JOBS=1000; the seed with REPORT_SEED. */
const jobs = Number(process.env.REPORT_JOBS ?? 40);
const seed = Number(process.env.REPORT_SEED ?? 1);
/** A second of the test is a minute of the schedule: 30 minutes without a receiver are 30 s. */
const speedup = 60;
const outageSeconds = 30;

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What workers report of a job: some are interrupted, some retried, some fail. The first worker's clock may be ahead. */
function lifeOf(id: string, random: () => number): JobState[] {
  const states: JobState[] = [];
  let sequence = 1000 + Math.floor(random() * 100);
  const add = (state: JobState) => {
    sequence += 1;
    states.push({ ...state, sequence });
  };
  add(running(id));
  if (random() < 0.3) {
    add(queued(id));
    add(running(id));
  }
  let attempt = 1;
  if (random() < 0.3) {
    add({ ...running(id), state: 'retrying', error: { code: 'trouble', message: 'storage was away' } });
    attempt = 2;
    add({ ...running(id), attempt });
  }
  if (random() < 0.2) {
    add({ ...running(id), attempt, state: 'failed', error: { code: 'damaged', message: 'no frames' } });
  } else {
    add({ ...succeeded(id), attempt });
  }
  return states;
}

/** Films that workers really make, beside what others are said to have made. */
const films = 4;

/** Workers that are killed as soon as their job's end can be seen, one after the other; then one that takes what they left. */
async function makeFilms(farm: TestFarm, folder: string): Promise<string[]> {
  const clip = join(folder, 'clip.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=1', '-pix_fmt', 'yuv420p', clip);
  await farm.put('films/clip.mp4', clip);
  const made: string[] = [];
  for (let film = 0; film < films; film += 1) {
    const worker = farm.startWorker();
    const id = await farm.sendJob({ source: 'films/clip.mp4' });
    await farm.waitFor(id, 'succeeded');
    worker.kill('SIGKILL');
    made.push(id);
  }
  farm.startWorker();
  await until(async () => (await farm.backlog()) === 0, 'the messages of the killed workers to be taken', 60);
  return made;
}

/**
 * The time in which an event that comes while the receiver is away must arrive: at the first try of the schedule after that.
 * In seconds of the test.
 */
function latestSeconds(awaySeconds: number): number {
  let tried = 0;
  for (const wait of triesAfterSeconds) {
    // Up to a fifth is added to each wait.
    tried += wait;
    if (tried >= awaySeconds * speedup) return (tried * 1.2) / speedup;
  }
  throw new Error(`No try comes after ${awaySeconds} s.`);
}

/**
 * Killed reporters' messages come back after three seconds, queues delay by whole seconds, later events wait for earlier ones; and
 * what has piled up is done one after the other, rows on one connection.
 */
const slackSeconds = (20 + jobs / 5) * patience;
/** The longest wait of a row that could not be written. */
const rowWaitSeconds = (900 * 1.2) / speedup;

it(
  'brings every end to the receiver and to one row, whatever is down, slow, lost, doubled or out of order',
  async () => {
    const random = seededRandom(seed);
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await startPostgres());
    let isDown = true;
    // Until all is well again, every hundredth piece takes longer than a call may.
    const slowly = () => (isDown && random() < 0.01 ? 6000 : random() * 10);
    const slow = stack.use(await startSlowNetwork(database.url, slowly));
    const folder = stack.use(await temporaryFolder());
    const settings = {
      env: { ENCODER: 'x264', X264_PRESET: 'ultrafast', SOURCE_PREFIX: 'inbox/' },
      visibilityTimeoutSeconds: 5,
    } as const;
    const farm = stack.adopt(await startLocalFarm({ reports: true, ...settings }), (opened) => opened.stop());

    const posted: { state: JobState; eventId: string }[] = [];
    /** When the end of each job arrived. */
    const arrivedAt = new Map<string, number>();
    const server = createServer(async (request, response) => {
      const body = await text(request).catch(() => '');
      if (isDown) return void (random() < 0.5 ? request.socket.destroy() : response.writeHead(503).end());
      const { data } = JSON.parse(body) as { data: JobState };
      posted.push({ state: data, eventId: String(request.headers['webhook-id']) });
      if (isFinal(data.state) && !arrivedAt.has(data.id)) arrivedAt.set(data.id, performance.now());
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stack.defer(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const startReporter = (): FarmProcess =>
      farm.startReporter({
        WEBHOOK_URL: `http://127.0.0.1:${port}/`,
        WEBHOOK_SECRET: secret,
        ALLOW_PRIVATE_WEBHOOKS: 'true',
        DATABASE_URL: slow.url,
        SCHEDULE_SPEEDUP: String(speedup),
        VISIBILITY_TIMEOUT_SECONDS: '3',
        LOG_LEVEL: 'error',
      });
    let reporter = startReporter();
    let isOver = false;
    const killing = (async () => {
      while (!isOver) {
        await sleep(1000 + random() * 3000);
        if (isOver) return;
        reporter.kill('SIGKILL');
        await reporter.exited;
        reporter = startReporter();
      }
    })();

    const lives = Array.from({ length: jobs }, (_, job) =>
      lifeOf(`job-${job}-${randomUUID().slice(0, 4)}`, random),
    );
    const bodies = lives.flat().flatMap((state) => {
      const report: Report = { kind: 'transition', state, requestId: state.id };
      return Array<string>(random() < 0.2 ? 2 : 1).fill(JSON.stringify(report));
    });
    // Each message a little earlier or later than its place, as a standard queue delivers them.
    const shuffled = bodies
      .map((body, index) => ({ body, place: index + random() * 20 }))
      .sort((a, b) => a.place - b.place);
    const making = makeFilms(farm, folder.path);
    const sentAt = performance.now();
    for (const { body } of shuffled) {
      await farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.reportsQueueUrl, MessageBody: body }));
    }
    await sleep(outageSeconds * 500);
    await database.stop();
    await sleep(outageSeconds * 500);
    await database.start();
    isDown = false;
    const awaySeconds = (performance.now() - sentAt) / 1000;
    const upAt = performance.now();
    isOver = true;
    await killing;
    const made = await making;

    const ends = new Map(lives.map((states) => [states[0]?.id ?? '', states.at(-1) as JobState]));
    for (const id of made) ends.set(id, JSON.parse((await farm.read(`${id}/status.json`)) ?? '') as JobState);
    const all = jobs + films;
    const arrived = () =>
      new Set(posted.filter(({ state }) => isFinal(state.state)).map(({ state }) => state.id));
    const rows = () =>
      database.query<{ id: string; state: string; sequence: string }>(
        (sql) => sql`select id, state, sequence from transcode_farm.jobs`,
      );
    const isWritten = async () =>
      (await rows().catch(() => [])).filter(({ state }) => state === 'succeeded' || state === 'failed')
        .length === all;
    // `until` is as patient again.
    const leftSeconds = (fromMs: number, seconds: number) =>
      (seconds - (performance.now() - fromMs) / 1000) / patience;
    const rowsInTime = leftSeconds(upAt, rowWaitSeconds + slackSeconds);
    await until(isWritten, 'every row, no later than its schedule says', rowsInTime);
    const latest = latestSeconds(awaySeconds) + slackSeconds;
    await until(
      async () => arrived().size === all,
      'every end, no later than its schedule says',
      leftSeconds(sentAt, latest),
    );

    expect(arrived()).toEqual(new Set(ends.keys()));
    expect(new Map((await rows()).map(({ id, state, sequence }) => [id, `${state} ${sequence}`]))).toEqual(
      new Map([...ends].map(([id, { state, sequence }]) => [id, `${state} ${sequence}`])),
    );
    const newest = new Map<string, (typeof posted)[number]>();
    const wrong = posted.filter(({ state, eventId }) => {
      const before = newest.get(state.id);
      if (before === undefined || isNewer(state, before.state)) newest.set(state.id, { state, eventId });
      // A job that went back to the queue starts twice: one event, which may come again as any other may.
      return before !== undefined && before.eventId !== eventId && isNewer(before.state, state);
    });
    expect(wrong, 'events after a newer one').toEqual([]);
  },
  (300 + jobs) * 1000 * patience,
);
