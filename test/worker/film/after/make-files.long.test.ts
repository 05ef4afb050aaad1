import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoppedError } from '../../../../worker/src/errors.ts';
import type { MediaTools } from '../../../../worker/src/ffmpeg/media-tool.ts';
import type { TranscodeRun } from '../../../../worker/src/film/film.ts';
import { continueFilm, transcode } from '../../../../worker/src/film/transcode.ts';
import type { JobOptions } from '../../../../worker/src/protocol/job.ts';
import { JobFolder } from '../../../../worker/src/protocol/job-folder.ts';
import { writePlanFile } from '../../../../worker/src/protocol/plan-file.ts';
import type { Film, JobState } from '../../../../worker/src/protocol/status.ts';
import { createReporter } from '../../../../worker/src/report/reporter.ts';
import { openStores, type Stores } from '../../../../worker/src/storage/stores.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../../helpers/media/clips.ts';
import { running } from '../../../helpers/reports/job-states.ts';
import { manyParts } from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { testSettings } from '../../../helpers/worker/settings.ts';
import { startStorage } from '../../../helpers/worker/storage.ts';

const signal = new AbortController().signal;
const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };
const source = 'a.mp4';

let storage: Awaited<ReturnType<typeof startStorage>>;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let settings: ReturnType<typeof testSettings>;
let stores: Stores;
let jobs = 0;
let id: string;

beforeAll(async () => {
  storage = await startStorage();
  folder = await temporaryFolder();
  const plain = testSettings({ X264_PRESET: 'ultrafast', WORK_DIR: folder.path });
  settings = {
    ...plain,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  stores = openStores(settings);
  const clip = join(folder.path, 'a.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=1'];
  await ffmpeg(...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', clip);
  await stores.source.put(source, await readFile(clip), headers);
});

afterAll(async () => {
  stores.close();
  await folder[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

beforeEach(() => {
  id = `job-${jobs++}`;
});

/** A worker that has taken a job which runs already: it only reports the end, until it says otherwise. */
function work(options: JobOptions, changes: Partial<TranscodeRun> = {}, make = transcode, from = source) {
  const job = { id, source: from, requestId: 'r', options };
  const reported: string[] = [];
  const report = createReporter({
    sinks: [{ transition: ({ state, stage }) => void reported.push(stage ?? state) }],
  }).join(job, running(id));
  const outcome = make(job, {
    settings,
    stores,
    tools: realMediaTools(),
    encoder: { name: 'x264', preset: 'ultrafast' },
    software: 'this build',
    report,
    log: recordingLogger().log,
    signal,
    messageId: 'm',
    isRepeat: false,
    leaseSeconds: 30,
    readStatus: async () => running(id),
    ...changes,
  });
  return { outcome, report, reported };
}

async function publish(options: JobOptions = {}): Promise<Film> {
  const outcome = await work({ outputs: ['hls'], ...options }).outcome;
  if (outcome.kind !== 'published') throw new Error(`The film was not published: ${outcome.kind}.`);
  return outcome.film;
}

/** Another ffmpeg. */
function toolsWith(run: MediaTools['ffmpeg']): MediaTools {
  return { ...realMediaTools(), ffmpeg: run };
}

const mp4: JobOptions = { outputs: ['hls', 'mp4'], addToFilm: true };
/** Made by ffmpeg. */
const gif: JobOptions = { outputs: ['hls', 'gif'], addToFilm: true };

describe('the files of a film', () => {
  it('do not keep a film from being noted as replaced when the worker that replaced it is lost', async () => {
    const first = await publish();
    // Committed, and lost before the clean-up.
    const second = await publish({ thumbnailAt: 0.5 });
    expect(second.plan).not.toBe(first.plan);
    const ofLaterRequest = `${id}/bbbbbbbbbbbb/240p/00000.m4s`;
    await stores.output.put(ofLaterRequest, 'in the making', headers);
    const again = await work({ outputs: ['hls', 'mp4'], thumbnailAt: 0.5 }, { isRepeat: true }).outcome;
    if (again.kind === 'published') await again.cleanUp?.();
    expect(again).toMatchObject({
      kind: 'published',
      film: { plan: second.plan, files: [{ format: 'mp4' }] },
    });
    const { objects } = await stores.output.listAll(`.replaced/${id}/`, signal);
    expect(objects.map(({ key }) => key)).toEqual([`.replaced/${id}/${first.plan}.json`]);
    expect(await stores.output.head(ofLaterRequest)).toBeDefined();
  });

  it('do not keep a film from being noted as replaced when they cannot be made', async () => {
    const first = await publish();
    const tools = realMediaTools();
    const fails = toolsWith(async (run) => {
      if (run.outputArgs.includes('gif')) throw new Error('The disk is full.');
      return tools.ffmpeg(run);
    });
    const { outcome } = work({ outputs: ['hls', 'gif'], thumbnailAt: 0.5 }, { tools: fails });
    await expect(outcome).rejects.toThrow('The disk is full.');
    const { objects } = await stores.output.listAll(`.replaced/${id}/`, signal);
    expect(objects.map(({ key }) => key)).toEqual([`.replaced/${id}/${first.plan}.json`]);
  });

  it('do not keep a film from being noted as replaced when their job is cancelled', async () => {
    const first = await publish();
    const tools = realMediaTools();
    const stop = new AbortController();
    const stopped = toolsWith(async (run) => {
      if (!run.outputArgs.includes('gif')) return tools.ffmpeg(run);
      stop.abort(new StoppedError('The job was cancelled.'));
      throw stop.signal.reason;
    });
    const options: JobOptions = { outputs: ['hls', 'gif'], thumbnailAt: 0.5 };
    await expect(work(options, { tools: stopped, signal: stop.signal }).outcome).rejects.toThrow('cancelled');
    const { objects } = await stores.output.listAll(`.replaced/${id}/`, signal);
    expect(objects.map(({ key }) => key)).toEqual([`.replaced/${id}/${first.plan}.json`]);
  });

  it('are left to the worker that committed the film by a helper that comes later, unless its message was handed out before', async () => {
    const { plan } = await publish();
    const planFolder = new JobFolder('', id).plan(plan);
    const { hash } = JSON.parse(String(await stores.output.get(planFolder.filmRecord))) as { hash: string };
    const planned = { ...manyParts(), id: plan, software: 'this build' };
    await writePlanFile(stores.output, planFolder, { request: { hash }, plan: planned }, signal);
    const help = (changes: Partial<TranscodeRun>) =>
      work({ outputs: ['hls', 'mp4'] }, changes, (job, run) =>
        continueFilm({ job, plan, role: 'helper', firstPart: 0 }, run),
      ).outcome;
    expect(await help({})).toEqual({ kind: 'leftToPeers' });
    expect(await help({ isRepeat: true })).toMatchObject({ kind: 'published', film: { files: [{}] } });
  });

  it('are left to the worker that has their lease by the one that committed the film, which looks again later', async () => {
    const { plan } = await publish();
    const { filesLease } = new JobFolder('', id).plan(plan);
    await stores.output.put(filesLease, 'of another worker', headers);
    const late = work({ outputs: ['hls', 'mp4'] });
    expect(await late.outcome).toEqual({ kind: 'atCapacity', hasCommitted: true });
  });

  it('are made by a worker that reports a pause, also where others had the say of the film', async () => {
    await publish();
    const tools = toolsWith(async () => {
      throw new Error('The disk is full.');
    });
    const { outcome, report, reported } = work(gif, { tools });
    await expect(outcome).rejects.toThrow('The disk is full.');
    await report.move({ to: 'retrying', error: { code: 'trouble', message: 'The disk is full.' } });
    expect(reported).toEqual(['files', 'retrying']);
  });

  it('are left to the worker that has taken them over', async () => {
    const { plan } = await publish();
    const { filesLease } = new JobFolder('', id).plan(plan);
    const tools = toolsWith(async ({ signal: by }) => {
      await stores.output.put(filesLease, 'of another worker', headers);
      await new Promise((resolve) => by?.addEventListener('abort', resolve));
      throw by?.reason;
    });
    expect(await work(gif, { tools, leaseSeconds: 2 }).outcome).toEqual({ kind: 'atCapacity' });
  });

  it('are not made again, nor said to be in the making, when another worker has just made them', async () => {
    const { plan } = await publish();
    const { filesLease, files } = new JobFolder('', id).plan(plan);
    const listAll = stores.output.listAll.bind(stores.output);
    using _ = vi.spyOn(stores.output, 'listAll').mockImplementation(async (prefix, by) => {
      if (prefix === filesLease) await stores.output.put(`${files}240p.mp4`, 'made', headers);
      return listAll(prefix, by);
    });
    const { outcome, reported } = work(mp4);
    expect(await outcome).toMatchObject({ kind: 'published', film: { files: [{ bytes: 'made'.length }] } });
    expect(reported).toEqual([]);
  });
});

describe('a job without "hls"', () => {
  const keys = async () => (await stores.output.listAll(`${id}/`, signal)).objects.map(({ key }) => key);
  const film = async (options: JobOptions, changes: Partial<TranscodeRun> = {}) => {
    const outcome = await work(options, changes).outcome;
    if (outcome.kind !== 'published') throw new Error(`The film was not published: ${outcome.kind}.`);
    await outcome.cleanUp?.();
    return outcome.film;
  };
  const only: JobOptions = { outputs: ['mp4:240p'] };

  it('leaves its files, its poster and its records, and nothing of the stream', async () => {
    const { plan, playlist, url, manifest, storyboard, renditions, files } = await film(only);
    expect([playlist, url, manifest, storyboard]).toEqual(Array(4).fill(undefined));
    expect(renditions).toMatchObject([{ name: '240p', codecs: expect.stringMatching(/^avc1/) }]);
    expect(files).toMatchObject([{ name: '240p.mp4' }]);
    expect(await keys()).toEqual([
      `${id}/${plan}/files/240p.mp4`,
      `${id}/${plan}/film.json`,
      `${id}/${plan}/poster.jpg`,
      `${id}/files.json`,
    ]);
  });

  it('is done when its message comes again, and encodes nothing', async () => {
    const first = await film(only);
    const tools = toolsWith(async () => {
      throw new Error('Nothing is left to make.');
    });
    expect(await film(only, { tools, isRepeat: true })).toEqual(first);
  });

  it('goes on when its worker was lost after the files, and before the stream was gone', async () => {
    const { plan } = await film(only);
    const whole = (await keys()).filter((key) => !key.endsWith('files.json'));
    await stores.output.remove([`${id}/files.json`]);
    await stores.output.put(`${id}/index.m3u8`, `#EXTM3U\n${plan}/240p/index.m3u8\n`, headers);
    await stores.output.put(`${id}/${plan}/240p/00000.m4s`, 'left', headers);
    await film(only, { isRepeat: true });
    expect(await keys()).toEqual([...whole, `${id}/files.json`]);
  });

  it('refuses files that are added later, as there is nothing to make them of', async () => {
    await film(only);
    const added = work({ outputs: ['gif'], addToFilm: true }).outcome;
    await expect(added).rejects.toMatchObject({
      code: 'no-stream',
      message: expect.stringMatching(
        /made without its stream, so 240p\.gif cannot be made of it\. Send its job/,
      ),
    });
    expect(await film({ ...only, addToFilm: true })).toMatchObject({ files: [{ name: '240p.mp4' }] });
  });

  it('becomes a stream when it is sent again with "hls", and files alone once more', async () => {
    const first = await film(only);
    const again = await film({ outputs: ['hls', 'mp4:240p'], ladder: [{ rung: '240p' }] });
    expect(again).toMatchObject({ plan: first.plan, playlist: `${id}/index.m3u8`, files: [{}] });
    expect(await keys()).not.toContain(`${id}/files.json`);
    expect(await keys()).toContain(`${id}/${first.plan}/240p/00000.m4s`);
    expect((await film(only)).playlist).toBeUndefined();
    expect((await keys()).filter((key) => key.endsWith('.m4s'))).toEqual([]);
  });

  it('keeps the stream where none of its files could be made', async () => {
    const tone = join(folder.path, 'tone.m4a');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=440:d=1', '-c:a', 'aac', tone);
    await stores.source.put('tone.m4a', await readFile(tone), headers);
    const outcome = await work({ outputs: ['mp4'] }, {}, transcode, 'tone.m4a').outcome;
    expect(outcome).toMatchObject({ kind: 'published', film: { playlist: `${id}/index.m3u8` } });
  });
});

describe('what a lost worker has left of a plan that it was to remove', () => {
  const stopped = new JobFolder('', 'stopped').plan('bbbbbbbbbbbb');
  const mark = '.unfinished/stopped/bbbbbbbbbbbb.json';
  const left = `${stopped.prefix}240p/00000.m4s`;

  /** The next film of the farm is published, and its worker cleans up. */
  async function publishNext(state: JobState['state']): Promise<void> {
    await stores.output.put(left, 'left', headers);
    await stores.output.put(mark, '{}', headers);
    const readStatus = async () => ({ ...running('stopped'), state });
    const outcome = await work({ outputs: ['hls'] }, { readStatus }).outcome;
    if (outcome.kind === 'published') await outcome.cleanUp?.();
  }

  it('is removed by the worker that publishes the next film of the farm', async () => {
    await publishNext('failed');
    expect(await stores.output.head(left)).toBeUndefined();
    expect(await stores.output.head(mark)).toBeUndefined();
  });

  it('stays where its job runs again, and no one comes back to it', async () => {
    await publishNext('running');
    expect(await stores.output.head(left)).toBeDefined();
    expect(await stores.output.head(mark)).toBeUndefined();
  });

  it('is wanted again from the moment at which the plan is made again', async () => {
    const { plan } = await publish();
    const { objects } = await stores.output.listAll(`${id}/`, signal);
    await stores.output.remove(objects.map(({ key }) => key));
    const own = `.unfinished/${id}/${plan}.json`;
    await stores.output.put(own, '{}', headers);
    expect(await publish()).toMatchObject({ plan });
    expect(await stores.output.head(own)).toBeUndefined();
  });
});
