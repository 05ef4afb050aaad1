import { createHash } from 'node:crypto';
import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../cli/local-farm/worker.ts';
import type { Film, JobState } from '../../worker/src/protocol/status.ts';
import { redriveAll } from '../helpers/local-farm/dead-letters.ts';
import { call, type FaultFarm, holdAt, script, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { seededRandom } from '../helpers/media/mutations.ts';
import { says, startWorkers as startCrew, startSharedFilm } from '../helpers/media/shared-film.ts';
import { until } from '../helpers/until.ts';

/** Three workers make one film of twelve parts and a sound; each run of ffmpeg takes half a second more than it needs. */
let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '3' },
    { encodeSeconds: 0.5, visibilityTimeoutSeconds: 6 },
  );
  await putLongFilm(faults);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const send = (job: Parameters<FaultFarm['send']>[0] = {}) => faults.send({ source: longFilm.key, ...job });
const whole = (id: string) => expectFilm(faults, id, { film: longFilm.film, timeoutSeconds: 90 });
const runs = async () => (await faults.runs()).length;
const startWorkers = (count: number, env = {}) => startCrew(faults, count, env);
const startFilm = (job = {}, env = {}) => startSharedFilm(faults, { source: longFilm.key, ...job }, env);

describe('a film that three workers make', () => {
  it('is one whole film, reported by one worker, and each part is made once', async () => {
    const { id } = await startFilm();
    const seen: number[] = [];
    const watching = watchProgress(id, seen);
    const state = await whole(id);
    await watching;
    expect(await runs()).toBe(longFilm.parts);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(state).toMatchObject({ attempt: 1, progress: { percent: 100 } });
    expect(state.timings.encodeSeconds).toBeGreaterThan(2);
    expect(state.timings.probeSeconds).toBeGreaterThan(0);
    const reported = faults.receiver.deliveries.map(
      ({ body }) => (JSON.parse(body) as { type: string }).type,
    );
    expect(reported).toEqual(['job.running', 'job.succeeded']);
  });

  it('is as good when every message comes twice', async () => {
    const { farm } = faults;
    const id = 'twice';
    const twice = new SendMessageCommand({
      QueueUrl: farm.queueUrl,
      MessageBody: JSON.stringify({ id, source: longFilm.key }),
      MessageAttributes: { requestId: { DataType: 'String', StringValue: 'one request' } },
    });
    for (const _ of [1, 2]) await farm.sqs.send(twice);
    const lead = faults.startWorker();
    await says(lead, 'sent part requests');
    await repeatMessages(farm.partsQueueUrl);
    await startWorkers(3);
    await whole(id);
    // Two that begin at the same moment may both make a part.
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 3);
  });

  it('is whole where storage has no conditional writes, and parts are seldom made twice', async () => {
    const { id } = await startFilm({}, { OUTPUT_CONDITIONAL_WRITES: 'false' });
    await whole(id);
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 3);
  });

  it('is byte for byte the film of one worker, which makes it where the job wants no more', async () => {
    const shared = await startFilm();
    await whole(shared.id);
    const before = await runs();
    const alone = await send({ options: { workersPerFilm: 1 } });
    await whole(alone);
    const workers = [shared.lead, ...shared.helpers];
    const jobs = workers.map(({ log }) => logLines(log).filter(({ job }) => job === alone));
    expect(jobs.filter((lines) => lines.length > 0).length).toBe(1);
    expect((await runs()) - before).toBe(longFilm.parts);
    expect(await mediaOf(shared.id)).toEqual(await mediaOf(alone));
  });

  it('that ends before its header says is refused once, and accepted where the settings say so', async () => {
    const path = join(faults.folder, 'cut.mp4');
    await ffmpeg('-i', join(faults.folder, 'long.mp4'), '-c', 'copy', '-movflags', '+faststart', path);
    await truncate(path, Math.round((await stat(path)).size * 0.6));
    await faults.farm.put('films/cut.mp4', path);
    const refused = await startFilm({ source: 'films/cut.mp4' });
    await expectRefused(faults, refused.id, 'short-source');
    await faults.reset();
    const ALLOW_SHORT_SOURCES = 'true';
    const id = await send({ source: 'films/cut.mp4' });
    await startWorkers(3, { ALLOW_SHORT_SOURCES });
    const state = await faults.farm.waitFor(id, 'succeeded', 60);
    expect(state.warnings.join()).toMatch(/The film ends at \d+\.\d+ s; its header says 24\.00 s/);
    expect(state.film?.durationSeconds).toBeLessThan(20);
  });
});

describe('of its workers', () => {
  it('the first is lost: the others go on, and the job is theirs', async () => {
    const { id, lead } = await startFilm();
    lead.kill('SIGKILL');
    await wholeWithoutIt(id);
    // What it had begun: a part of the picture, and the sound.
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 3);
  });

  it('a helper is lost: that costs one part', async () => {
    const { id, helpers } = await startFilm();
    helpers[0]?.kill('SIGKILL');
    await wholeWithoutIt(id);
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 3);
  });

  it('all are lost: others take over after the recorded parts', async () => {
    const { id, lead, helpers } = await startFilm();
    await until(async () => (await faults.farm.keys(`${id}/`)).filter(isRecord).length > 3, 'some parts', 30);
    for (const worker of [lead, ...helpers]) worker.kill('SIGKILL');
    const before = (await faults.farm.keys(`${id}/`)).filter(isRecord).length;
    const runsBefore = await runs();
    await startWorkers(2);
    await whole(id);
    expect((await runs()) - runsBefore).toBeLessThanOrEqual(longFilm.parts - before + 2);
  });

  it('the first is lost while it sends part requests: the next sends them again', async () => {
    const id = await send();
    const lead = faults.startWorker();
    await holdAt(faults.sqs, { ...call('SendMessage'), share: 0.5 });
    lead.kill('SIGKILL');
    await lead.exited;
    faults.sqs.heal();
    await startWorkers(3);
    await whole(id);
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 3);
  });

  it('one stands still for longer than it holds its message, and wakes up: it touches nothing', async () => {
    const { id, helpers } = await startFilm();
    const [asleep] = helpers as [WorkerProcess];
    asleep.kill('SIGSTOP');
    await faults.farm.waitFor(id, 'succeeded', 60);
    const before = await faults.farm.read(`${id}/index.m3u8`);
    const status = await faults.farm.read(`${id}/status.json`);
    asleep.kill('SIGCONT');
    await says(asleep, /job interrupted|other workers make the rest/);
    await whole(id);
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBe(before);
    expect(await faults.farm.read(`${id}/status.json`)).toBe(status);
  });

  it.each([1, 2, 3])('any is lost at any time, and another comes (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const id = await send({ options: { early: true } });
    const workers = await startWorkers(3);
    const losses = 3;
    for (let loss = 0; loss < losses; loss += 1) {
      await sleep(random() * 3000);
      const lost = workers.splice(Math.floor(random() * workers.length), 1)[0] as WorkerProcess;
      lost.kill(random() < 0.7 ? 'SIGKILL' : 'SIGTERM');
      workers.push(faults.startWorker());
    }
    const { film } = await whole(id);
    await earlyPlayEnded(id, film as Film);
    // A loss costs what its worker had begun: a part whose tail was under way, the next, and the sound; and a part that is dropped for it.
    expect(await runs()).toBeLessThanOrEqual(longFilm.parts + 4 * losses);
  });

  it('one is asked to stop: it gives its part back at once, and the job runs on', async () => {
    const { id, lead } = await startFilm({}, { FFMPEG_PATH: await slowFfmpeg(0.5) });
    expect(await lead.stop()).toEqual({ code: 0, signal: null });
    const state = JSON.parse((await faults.farm.read(`${id}/status.json`)) ?? '') as JobState;
    expect(state.state).toBe('running');
    expect((await whole(id)).attempt).toBe(1);
  });
});

describe('a part that cannot be made', () => {
  it('fails the job once, with its reason; the others stop; a redrive makes what is missing', async () => {
    const flag = join(faults.folder, 'poison');
    await writeFile(flag, '');
    const FFMPEG_PATH = await poisonedFfmpeg(flag);
    const { id, lead, helpers } = await startFilm({}, { FFMPEG_PATH, MAX_ATTEMPTS: '2' });
    await expectRefused(faults, id, 'trouble', 60);
    await until(async () => (await faults.farm.backlog(faults.farm.partsQueueUrl)) === 0, 'all to stop', 30);
    const records = (await faults.farm.keys(`${id}/`)).filter(isRecord).length;
    await rm(flag);
    const before = await runs();
    expect(await redriveAll(faults.farm)).toBe(1);
    await until(async () => (await faults.farm.read(`${id}/index.m3u8`)) !== undefined, 'the film', 60);
    await whole(id);
    expect((await runs()) - before).toBeLessThanOrEqual(longFilm.parts - records + 1);
    expect([lead, ...helpers].every(({ log }) => !log.join().includes('a mistake in the worker'))).toBe(true);
  });
});

describe('all workers notice', () => {
  it('that the job is cancelled', async () => {
    const { id } = await startFilm({}, { FFMPEG_PATH: await slowFfmpeg() });
    await cancel(id);
    const state = await faults.farm.waitFor(id, 'failed', 30);
    expect(state.error).toEqual({ code: 'cancelled', message: 'Cancelled by its owner.' });
    await expectStopped(id);
    expect((await faults.farm.keys(`${id}/`)).map((key) => key.slice(id.length + 1))).toEqual([
      'status.json',
      'stop.json',
    ]);
  });

  it('that a job was cancelled before it began', async () => {
    const id = await send();
    await cancel(id);
    const worker = faults.startWorker();
    const state = await faults.farm.waitFor(id, 'failed', 30);
    expect(state.error?.code).toBe('cancelled');
    await expectStopped(id);
    expect(await runs()).toBe(0);
    expect(logLines(worker.log).some(({ msg }) => msg === 'job started')).toBe(false);
  });

  it('that the source was replaced', async () => {
    const { farm, folder } = faults;
    const source = 'films/replaced.mp4';
    await farm.put(source, join(folder, 'long.mp4'));
    const id = await send({ source });
    const lead = faults.startWorker({ FFMPEG_PATH: await slowFfmpeg() });
    await says(lead, 'sent part requests');
    // The first has all of this small film in memory by now; a helper has yet to open it.
    await farm.put(source, join(folder, 'clip.mp4'));
    faults.startWorker();
    await expectRefused(faults, id, 'source-replaced');
    await expectStopped(id);
  });
});

/** Names and hashes of all that viewers get, but for the multivariant playlist. */
/** Whoever wrote them and was lost, the playlists of early play name the whole film at its end. */
async function earlyPlayEnded(id: string, { plan, renditions }: Film): Promise<void> {
  const entries = (text = '') =>
    text.split('\n').filter((line) => /^#EXTINF|\.m4s$|^#EXT-X-ENDLIST/.test(line));
  const written = await faults.farm.keys(`${id}/${plan}/early/`);
  // A busy machine may make the film more slowly than it plays.
  if (!written.some((key) => key.endsWith('/early/index.m3u8'))) return;
  expect(written).toHaveLength(renditions.length + 1);
  for (const { name } of renditions) {
    const early = await faults.farm.read(`${id}/${plan}/early/${name}.m3u8`);
    const published = entries(await faults.farm.read(`${id}/${plan}/${name}/index.m3u8`));
    expect(entries(early).map((line) => line.replace(`../${name}/`, ''))).toEqual(published);
  }
}

async function mediaOf(id: string): Promise<string[]> {
  const keys = (await faults.farm.keys(`${id}/`)).filter((key) => /\.(m4s|mp4|m3u8|jpg|vtt)$/.test(key));
  const hashed = keys.map(async (key) => {
    const content = await faults.farm.readBytes(key);
    return `${key.slice(id.length)} ${createHash('sha256').update(content).digest('hex')}`;
  });
  return Promise.all(hashed);
}

/** What a lost worker left on its disk is removed by the next one that starts there: here, when the film is done. */
async function wholeWithoutIt(id: string): Promise<void> {
  await faults.farm.waitFor(id, 'succeeded', 60);
  await startWorkers(1);
  await whole(id);
}

async function watchProgress(id: string, seen: number[]): Promise<void> {
  for (;;) {
    const text = await faults.farm.read(`${id}/status.json`);
    const state = text === undefined ? undefined : (JSON.parse(text) as JobState);
    if (state?.progress) seen.push(state.progress.percent);
    if (state?.state === 'succeeded' || state?.state === 'failed') return;
    await sleep(100);
  }
}

/** Sends all that wait in a queue once more. */
async function repeatMessages(QueueUrl: string): Promise<void> {
  const { sqs } = faults.farm;
  const seen = new Set<string | undefined>();
  const all = { MaxNumberOfMessages: 10, VisibilityTimeout: 1, MessageAttributeNames: ['All'] };
  await until(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, ...all }));
    for (const { Body, MessageAttributes } of Messages) {
      if (seen.has(Body)) continue;
      seen.add(Body);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: Body, MessageAttributes }));
    }
    return seen.size === 2;
  }, 'both part requests');
}

/** Fails in the part from the 12th second as long as there is the flag. */
function poisonedFfmpeg(flag: string): Promise<string> {
  return script(faults.folder, 'poisoned-ffmpeg', [
    `case "$*" in *"-ss 12 "*) [ -e "${flag}" ] && { sleep 0.5; exit 1; };; esac`,
    `exec ${faults.farm.env.FFMPEG_PATH} "$@"`,
  ]);
}

/** So much more for each part. */
function slowFfmpeg(seconds = 2): Promise<string> {
  const lines = [`sleep ${seconds}`, `exec ${faults.farm.env.FFMPEG_PATH} "$@"`];
  return script(faults.folder, `slow-ffmpeg-${seconds}`, lines);
}

async function cancel(id: string): Promise<void> {
  const stop = { code: 'cancelled', message: 'Cancelled by its owner.', at: new Date().toISOString() };
  const { s3, outputBucket: Bucket } = faults.farm;
  await s3.send(new PutObjectCommand({ Bucket, Key: `${id}/stop.json`, Body: JSON.stringify(stop) }));
}

async function expectStopped(id: string): Promise<void> {
  const { farm } = faults;
  await until(
    async () => (await farm.backlog()) + (await farm.backlog(farm.partsQueueUrl)) === 0,
    'all to stop',
    30,
  );
  expect(await farm.read(`${id}/index.m3u8`)).toBeUndefined();
}

const isRecord = (key: string) => /\/parts\/\d{4}\.json$/.test(key);
