import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeFile } from '../../../../worker/src/film/after/make-file.ts';
import { FilesAhead } from '../../../../worker/src/film/ahead/files-ahead.ts';
import type { PlannedFilm, TranscodeRun } from '../../../../worker/src/film/film.ts';
import type { TextRendition } from '../../../../worker/src/plan/plan.ts';
import type { QueuedJob } from '../../../../worker/src/protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../../../worker/src/protocol/job-folder.ts';
import type { PartRecord } from '../../../../worker/src/protocol/part-record.ts';
import type { FilmRendition, FilmSubtitles } from '../../../../worker/src/protocol/status.ts';
import { describeTrack } from '../../../../worker/src/publish/assemble.ts';
import type { FilmFile } from '../../../../worker/src/publish/film-files.ts';
import { openStores, type Stores } from '../../../../worker/src/storage/stores.ts';
import { realMediaTools, temporaryFolder } from '../../../helpers/media/clips.ts';
import { type MadeSegments, makeSegments } from '../../../helpers/media/segments.ts';
import { until } from '../../../helpers/until.ts';
import { mapStore, recordOf } from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { testSettings } from '../../../helpers/worker/settings.ts';
import { startStorage } from '../../../helpers/worker/storage.ts';

let storage: Awaited<ReturnType<typeof startStorage>>;
let workDir: Awaited<ReturnType<typeof temporaryFolder>>;
let made: MadeSegments;
let stores: Stores;
let run: TranscodeRun;
let lines: ReturnType<typeof recordingLogger>['lines'];
let job: QueuedJob;
let folder: PlanFolder;
/** Segments of media that were read, by their keys. */
let read: string[];
let jobs = 0;

beforeAll(async () => {
  storage = await startStorage();
  workDir = await temporaryFolder();
  made = await makeSegments('fmp4');
  const settings = testSettings({ WORK_DIR: workDir.path });
  const output = { ...settings.output, ...storage.bucket('films-out') };
  stores = openStores({ ...settings, output });
});

afterAll(async () => {
  stores.close();
  await workDir[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

beforeEach(() => {
  job = { id: `job-${jobs++}`, source: 'a.mp4', requestId: 'r', options: { outputs: ['hls', 'mp4:240p'] } };
  folder = new JobFolder('', job.id).plan(made.plan.id);
  read = [];
  const logger = recordingLogger();
  lines = logger.lines;
  const output = mapStore(stores.output, {
    readRange: (key, ...given) => {
      read.push(key.slice(folder.prefix.length));
      return stores.output.readRange(key, ...given);
    },
  });
  run = {
    settings: testSettings({ WORK_DIR: workDir.path }),
    stores: { ...stores, output },
    tools: realMediaTools(),
    messageId: 'm',
    leaseSeconds: 30,
    log: logger.log,
    signal: new AbortController().signal,
  } as unknown as TranscodeRun;
});

const names = { video: '240p', audio: 'audio-0' };
const options = { contentType: 'video/mp4', cacheControl: 'no-cache' };
const put = (name: string, body: Buffer | string) => stores.output.put(folder.file(name), body, options);
const segmentsOf = (name: string) => made.files.get(name) ?? { segments: [] };

/** Segments of both renditions from `from` on, and the init segments before the first. */
async function publish({ from = 0, to = 4 }: { from?: number; to?: number } = {}): Promise<void> {
  for (const name of Object.values(names)) {
    const { init, segments } = segmentsOf(name);
    if (from === 0) await put(`${name}/init.mp4`, init ?? '');
    for (const [n, bytes] of segments.slice(0, to).entries())
      if (n >= from) await put(`${name}/0000${n}.m4s`, bytes);
  }
}

/** @returns what the file is to be made of */
async function commit(): Promise<FilmFile> {
  const sizes = { bandwidth: 0, averageBandwidth: 0, bytes: 0, segments: 4 };
  const rendition = async (kind: 'video' | 'audio'): Promise<FilmRendition> => {
    const name = names[kind];
    const entries = segmentsOf(name).segments.flatMap((_, n) => ['#EXTINF:2.000000,', `0000${n}.m4s`]);
    await put(`${name}/index.m3u8`, ['#EXTM3U', '#EXT-X-MAP:URI="init.mp4"', ...entries, ''].join('\n'));
    const playlist = folder.file(`${name}/index.m3u8`);
    return { name, kind, playlist, codecs: '', ...(kind === 'video' && { frameRate: 25 }), ...sizes };
  };
  const [video, audio] = [await rendition('video'), await rendition('audio')];
  return { name: '240p.mp4', format: 'mp4', video, audio: [audio], text: [] };
}

const begin = (ahead: FilesAhead) =>
  ahead.begin({ job, plan: made.plan } as unknown as PlannedFilm, folder, run);

const readSegments = (numbers: number[]) =>
  until(
    () => Object.values(names).every((name) => numbers.every((n) => read.includes(`${name}/0000${n}.m4s`))),
    `segments ${numbers.join(', ')} to be read`,
  );

const published = async () => (await stores.output.listAll(folder.files)).objects;
const leases = async () => (await stores.output.listAll(folder.leases)).objects;

describe('a file that is begun while its film is made', () => {
  it('is read as segments are published, and shows when it is finished: the same as one that is made afterwards', async () => {
    await using ahead = new FilesAhead();
    begin(ahead);
    await publish({ to: 2 });
    await readSegments([0, 1]);
    await publish({ from: 2 });
    const file = await commit();
    expect(await published()).toEqual([]);
    const lease = await ahead.takeLease(made.plan.id, run.signal);
    expect(lease).toBeDefined();
    expect(await ahead.finish(file, run)).toBe(true);
    expect(new Set(read).size).toBe(read.length);
    const key = folder.files + file.name;
    const before = await stores.output.get(key);
    await makeFile(job, file, folder, run);
    expect(before?.equals((await stores.output.get(key)) as Buffer)).toBe(true);
    await lease?.release();
    expect(await leases()).toEqual([]);
  });

  it('is made again where a segment was published again after it had been read', async () => {
    await using ahead = new FilesAhead();
    begin(ahead);
    await publish({ to: 2 });
    await readSegments([0, 1]);
    await put('240p/00001.m4s', segmentsOf('240p').segments[2] ?? '');
    await publish({ from: 2 });
    const file = await commit();
    await ahead.takeLease(made.plan.id, run.signal);
    expect(await ahead.finish(file, run)).toBe(false);
    expect(lines).toMatchObject([{ msg: expect.stringMatching(/made again$/), file: '240p.mp4' }]);
    expect(await published()).toEqual([]);
  });

  it('is made again where the film has other tracks than its plan had', async () => {
    await using ahead = new FilesAhead();
    begin(ahead);
    await publish();
    await readSegments([0, 3]);
    const file = await commit();
    await ahead.takeLease(made.plan.id, run.signal);
    expect(await ahead.finish({ ...file, audio: [] }, run)).toBe(false);
    expect(await published()).toEqual([]);
  });

  it('has the subtitles that the film has, once they are made', async () => {
    const text: TextRendition = {
      name: 'text-0',
      label: 'Subtitles',
      kind: 'subtitles',
      default: false,
    } as TextRendition;
    const part = { kind: 'text' as const, index: 9, firstSegment: 0 as const, segmentCuts: [] };
    const plan = { ...made.plan, text: [text], parts: [...made.plan.parts, part] };
    await using ahead = new FilesAhead();
    ahead.begin({ job, plan } as unknown as PlannedFilm, folder, run);
    await publish();
    const vtt = 'WEBVTT\n\n00:01.000 --> 00:02.000\nOne\n\n00:03.000 --> 00:04.000\nTwo\n';
    await put('text-0/subtitles.vtt', vtt);
    const rendition = { name: 'text-0', codecs: 'wvtt', frames: 2, initBytes: 0, segments: [] };
    const record: PartRecord = { ...recordOf(part), renditions: [rendition] };
    expect(read).toEqual([]);
    await stores.output.put(folder.record(part.index), JSON.stringify(record), options);
    await readSegments([0, 3]);
    const file = await commit();
    const committed = describeTrack({ ...text, language: undefined }, 2, folder, undefined);
    await ahead.takeLease(plan.id, run.signal);
    // As it is read of the film's record.
    const whole = { ...file, text: [JSON.parse(JSON.stringify(committed)) as FilmSubtitles] };
    expect(await ahead.finish(whole, run)).toBe(true);
  });

  it('is taken back where another plan was committed', async () => {
    await using ahead = new FilesAhead();
    begin(ahead);
    await publish({ to: 2 });
    await readSegments([0, 1]);
    expect(await ahead.takeLease('another', run.signal)).toBeUndefined();
    expect(await ahead.finish(await commit(), run)).toBe(false);
    expect([...(await published()), ...(await leases())]).toEqual([]);
  });

  it('is begun when the lease of a lost worker is stale', async () => {
    await stores.output.put(folder.filesLease, 'of a lost worker', options);
    await using ahead = new FilesAhead();
    ahead.begin({ job, plan: made.plan } as unknown as PlannedFilm, folder, { ...run, leaseSeconds: 2 });
    await publish();
    await readSegments([0, 3]);
  });

  it('leaves nothing behind where the film is not made', async () => {
    const ahead = new FilesAhead();
    begin(ahead);
    await publish({ to: 2 });
    await readSegments([0, 1]);
    await ahead[Symbol.asyncDispose]();
    expect([...(await published()), ...(await leases())]).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('is left to the worker that has the lease of the files', async () => {
    await using other = new FilesAhead();
    begin(other);
    await until(async () => (await leases()).length > 0, 'the lease');
    await using ahead = new FilesAhead();
    begin(ahead);
    expect(await ahead.takeLease(made.plan.id, run.signal)).toBeUndefined();
    expect(await ahead.finish(await commit(), run)).toBe(false);
  });

  it.each([
    ['is there already', async () => put('files/240p.mp4', 'a film')],
    ['is no copy', async () => Object.assign(job.options ?? {}, { outputs: ['hls', 'gif', 'mp3'] })],
  ])('is not begun where it %s', async (_, prepare) => {
    await prepare();
    await publish();
    await using ahead = new FilesAhead();
    begin(ahead);
    await ahead.takeLease(made.plan.id, run.signal);
    expect(await ahead.finish(await commit(), run)).toBe(false);
    expect(read).toEqual([]);
  });
});
