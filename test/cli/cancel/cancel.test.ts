import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { Stop } from '../../../worker/src/protocol/stop.ts';
import { endless, fakeTool } from '../../helpers/ffmpeg/fake-tool.ts';
import { toolPath } from '../../helpers/ffmpeg/tool-path.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { queued } from '../../helpers/reports/job-states.ts';
import { until } from '../../helpers/until.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;

/** No worker: what a worker does with the file is its own test. */
const cancel = (...args: string[]) => farmCommand(folder.path, ['cancel', '--farm', file, ...args]);
const stopOf = async (id: string) => {
  const text = await farm.read(`films/${id}/stop.json`);
  return text === undefined ? undefined : (JSON.parse(text) as Stop);
};

beforeAll(async () => {
  farm = await startLocalFarm({ env: { SOURCE_SUFFIXES: '.mp4' } });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, { ...addressOf(farm), outputPrefix: 'films/' });
});

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

async function report(state: Partial<JobState> & { id: string }): Promise<void> {
  const Key = `films/${state.id}/status.json`;
  await farm.s3.send(
    new PutObjectCommand({
      Bucket: farm.outputBucket,
      Key,
      Body: JSON.stringify({ ...queued(state.id), ...state }),
    }),
  );
}

it('refuses an id that no job can have: nothing waits, and no job has a status', async () => {
  const ended = await cancel('nowhere', '--json');
  expect(ended.code).toBe(1);
  expect(ended.json<{ error: { message: string } }>().error.message).toContain('does not exist');
  expect(await stopOf('nowhere')).toBeUndefined();
}, 40_000);

it('writes the stop of jobs that run and jobs that wait, and only of the named ones', async () => {
  // From a queue whose clock is a minute ahead.
  const queuedAt = new Date(Date.now() + 60_000).toISOString();
  await report({ id: 'running', state: 'running', queuedAt });
  await report({ id: 'other', state: 'running', queuedAt });
  await farm.sendJob({ id: 'waits', source: 'a.mp4' });
  const ended = await cancel('running', 'waits', '--json');
  expect(ended.stderr).toBe('');
  expect(ended.json()).toEqual({
    cancelled: [
      { id: 'running', state: 'running' },
      { id: 'waits', state: null },
    ],
  });
  expect(await stopOf('running')).toMatchObject({ code: 'cancelled' });
  expect(((await stopOf('running'))?.at ?? '') > queuedAt).toBe(true);
  expect(await stopOf('waits')).toMatchObject({ code: 'cancelled' });
  expect(await stopOf('other')).toBeUndefined();
}, 40_000);

it('stops nothing when one of the jobs is over, unless forced', async () => {
  await report({ id: 'done', state: 'succeeded', queuedAt: new Date().toISOString() });
  await report({ id: 'open', state: 'retrying', queuedAt: new Date().toISOString() });
  const refused = await cancel('open', 'done');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Job done is over: it has succeeded.');
  expect(await stopOf('open')).toBeUndefined();

  const forced = await cancel('open', 'done', '--force');
  expect(forced.code).toBe(0);
  expect(forced.stdout).toContain('open  waits for its turn');
  expect(await stopOf('done')).toMatchObject({ code: 'cancelled' });
}, 40_000);

it('ends a job that a worker has in hand, and one that waits behind it', async () => {
  // Not at the prefix of the others: the worker has none.
  const path = await saveAddress(folder.path, addressOf(farm));
  const clip = join(folder.path, 'clip.mp4');
  const picture = 'testsrc2=size=320x180:rate=25:duration=2';
  await ffmpeg('-f', 'lavfi', '-i', picture, '-preset', 'ultrafast', clip);
  await farm.put('clip.dat', clip);
  const running = await farm.sendJob({ source: 'clip.dat' });
  const waiting = await farm.sendJob({ source: 'clip.dat' });
  // Of a film it never makes anything; a worker that starts tries it without one.
  const script = `case "$*" in *http://*) ${endless};; esac; exec ${toolPath('ffmpeg')} "$@"`;
  farm.startWorker({
    FFMPEG_PATH: await fakeTool(folder.path, 'endless-ffmpeg', script),
    JOBS_AT_ONCE: '1',
  });
  await until(
    async () => (await farm.jobIds()).some((id) => [running, waiting].includes(id)),
    'one to run',
    40,
  );
  const ended = await farmCommand(folder.path, ['cancel', '--farm', path, running, waiting]);
  expect(ended.code).toBe(0);
  for (const id of [running, waiting]) {
    expect(await farm.waitFor(id, 'failed')).toMatchObject({ error: { code: 'cancelled' } });
  }
}, 60_000);
