import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EncodeContext } from '../../../worker/src/encode/context.ts';
import { startPart } from '../../../worker/src/encode/part.ts';
import { BadOutputError } from '../../../worker/src/encode/recorder.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { MediaToolError, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import type { VideoWork } from '../../../worker/src/film/early/lost-parts.ts';
import { encodeParts } from '../../../worker/src/film/encode-parts.ts';
import { writeRecord } from '../../../worker/src/film/session/session.ts';
import { SoloSession } from '../../../worker/src/film/session/solo-session.ts';
import type { Part, VideoPart } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { readRecords } from '../../../worker/src/publish/records.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { fakeTool } from '../../helpers/ffmpeg/fake-tool.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { type FileServer, serveFiles } from '../../helpers/media/file-server.ts';
import { audioPart, shortPlan, videoParts, x264 } from '../../helpers/media/plans.ts';
import { viewOf } from '../../helpers/worker/film-sessions.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

let storage: TestStorage;
let server: FileServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let clip: string;

beforeAll(async () => {
  storage = await startStorage();
  server = await serveFiles();
  folder = await temporaryFolder();
  clip = join(folder.path, 'clip.mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=426x240:rate=10:duration=30'],
    ...['-f', 'lavfi', '-i', 'sine=duration=30:sample_rate=48000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', clip],
  );
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** Three video parts of 12, 12 and 6 s, and sound. */
const plan = shortPlan({
  encoder: { ...x264, preset: 'ultrafast' },
  encoding: { ladder: [{ rung: '240p' }] },
  video: { width: 426, height: 240, frameRate: { num: 10, den: 1 } },
});
const [first, second] = videoParts(plan) as [VideoPart, VideoPart];
const planFolder = new JobFolder('', 'job').plan(plan.id);
const never = new AbortController().signal;

let output: Store;
let workDir: string;
let bucket = 0;
beforeEach(async () => {
  output = openStore(storage.bucket(`out-${bucket++}`));
  workDir = join(folder.path, `work-${bucket}`);
  await mkdir(workDir);
});
afterEach(() => output.close());

function contextWith(changes: Partial<EncodeContext> = {}): EncodeContext {
  return {
    plan,
    tools: realMediaTools(),
    urls: [server.url(clip)],
    output,
    folder: planFolder,
    workDir,
    stallSeconds: 30,
    pacesAudio: true,
    sourceStalledSeconds: () => 0,
    sourceFailure: () => undefined,
    readSideFile: () => Promise.reject(new Error('This film was to have no files beside it.')),
    maxSeconds: 100,
    onProgress: () => {},
    onPublished: () => {},
    record: (part, record) => writeRecord(output, planFolder, plan, { part, record, signal: never }),
    signal: new AbortController().signal,
    ...changes,
  };
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of output.list('')) found.push(key.slice(`job/${plan.id}/`.length));
  return found.sort();
}

describe('startPart', () => {
  it('publishes segments, poster and storyboard, records them last, and leaves nothing on the disk', async () => {
    let bytes = 0;
    const { encoded, recorded } = startPart(
      contextWith({ onPublished: (_, more) => (bytes += more) }),
      first,
    );
    expect(await encoded).toEqual({ endSeconds: 12 });
    const record = await recorded;
    expect(await keys()).toEqual([
      ...['240p/00000.m4s', '240p/00001.m4s', '240p/init.mp4'],
      ...['parts/0000.json', 'poster.jpg', 'storyboard/0000-1.jpg'],
    ]);
    expect(JSON.parse(String(await output.get(`job/${plan.id}/parts/0000.json`)))).toEqual(record);
    expect(bytes).toBeGreaterThan(record.renditions[0]?.segments[0]?.bytes ?? Infinity);
    expect(await readdir(workDir)).toEqual([]);
  });

  it('encodes sound beside it', async () => {
    const record = await startPart(contextWith(), audioPart(plan)).recorded;
    expect(record.renditions.map(({ name, segments }) => [name, segments.length])).toEqual([['audio-0', 5]]);
    expect(record.endSeconds).toBeCloseTo(30, 1);
  });

  it.each([
    ['makes nothing', '', 'Renditions differ|nothing'],
    ['names a segment that is not there', 'echo 00000.m4s,0,6 >&3', 'ENOENT'],
    [
      'names a segment that is empty',
      ': >240p/init.mp4; : >240p/00000.m4s; echo 00000.m4s,0,6 >&3',
      'ffmpeg made the init segment of 240p unfit',
    ],
    [
      'writes half of a segment, as on a full disk',
      'cp "$KEEP/240p/init.mp4" 240p/; head -c 3000 "$KEEP/240p/00000.m4s" >240p/00000.m4s; echo 00000.m4s,0,6 >&3',
      'ffmpeg made segment 0 of 240p unfit: box "mdat" is cut off',
    ],
    [
      'leaves a segment out',
      'cp "$KEEP/240p/"* 240p/; echo 00001.m4s,6,12 >&3',
      'segment 1 of 240p came after segment none',
    ],
  ])('does not believe an ffmpeg that ends well and %s', async (_, script, message) => {
    const keep = join(folder.path, 'keep');
    if (script.includes('KEEP')) await keepSegments(keep);
    const path = await fakeTool(folder.path, 'fake', `KEEP="${keep}"\n${script}\nexit 0`);
    const tools = openMediaTools({ ffmpegPath: path, ffprobePath: path, maxPixels: 1000, maxStreams: 8 });
    const { encoded, recorded } = startPart(contextWith({ tools }), first);
    if (message.includes('nothing')) {
      // What an empty part means is checked over the whole film.
      expect(await encoded).toEqual({ endSeconds: 0 });
      expect((await recorded).renditions[0]?.segments).toEqual([]);
    } else {
      await expect(recorded).rejects.toThrow(message);
      if (message.startsWith('ffmpeg') || message.startsWith('segment'))
        await expect(recorded).rejects.toThrow(BadOutputError);
      await expect(encoded).rejects.toThrow(message);
      expect(await keys()).not.toContain('parts/0000.json');
    }
    expect(await readdir(workDir)).toEqual([]);
  });

  it('stops ffmpeg and removes what is half-made when the job is stopped', async () => {
    const stop = new AbortController();
    const onPublished = () => stop.abort(new Error('asked to stop'));
    const { recorded } = startPart(contextWith({ signal: stop.signal, onPublished }), first);
    await expect(recorded).rejects.toThrow('asked to stop');
    expect(await readdir(workDir)).toEqual([]);
    expect(await keys()).not.toContain('parts/0000.json');
  });
});

describe('startPart on a GPU', () => {
  const gpuPlan = { ...plan, video: { ...plan.video, path: 'gpu' as const, cpuPrepare: ['null'] } };
  const real = realMediaTools();

  /** Encodes on the CPU whatever decodes. */
  function toolsWhere(onGpu: typeof real.ffmpeg): typeof real {
    const { inputArgs, outputArgs } = videoArguments(plan, plan.video, second, 100);
    return {
      ...real,
      ffmpeg(call) {
        if (call.inputArgs.includes('cuda')) return onGpu({ ...call, inputArgs, outputArgs });
        expect(call.outputArgs.join(' ')).toContain('null,');
        return real.ffmpeg({ ...call, inputArgs, outputArgs });
      },
    };
  }

  const failed = {
    exitCode: 1,
    killedBy: null,
    timedOut: false,
    stderrTail: 'Failed to configure output pad',
  };
  /** As when filters are made again: frames in them are lost, without an error. */
  const losing: typeof real.ffmpeg = (call) =>
    real.ffmpeg({
      ...call,
      outputArgs: call.outputArgs.map((arg) => arg.replace('[0:0]', "[0:0]select='lt(t,2)+gt(t,5)',")),
    });

  it.each<[what: string, onGpu: typeof real.ffmpeg]>([
    ['fails', () => Promise.reject(new MediaToolError('ffmpeg ended with exit code 1', failed))],
    ['loses frames', losing],
  ])('has the CPU decode a part on which the GPU %s, and says so', async (_, onGpu) => {
    const context = contextWith({ plan: gpuPlan, tools: toolsWhere(onGpu) });
    const record = await startPart(context, second).recorded;
    expect(record.renditions[0]?.frames).toBe(120);
    expect(record.warnings).toEqual([
      'The GPU did not decode the film rightly from 12 s on, so the CPU decoded that part.',
    ]);
  });

  it('does not take a run that hangs for a film that the GPU does not decode', async () => {
    const hung = new MediaToolError('ffmpeg was killed', { ...failed, exitCode: null, timedOut: true });
    const context = contextWith({ plan: gpuPlan, tools: toolsWhere(() => Promise.reject(hung)) });
    await expect(startPart(context, second).recorded).rejects.toBe(hung);
  });
});

/** Segments of the first part, kept where fakes find them. */
async function keepSegments(to: string): Promise<void> {
  const { inputArgs, outputArgs } = videoArguments(plan, plan.video, first, 100);
  for (const name of ['240p', 'storyboard']) await mkdir(join(to, name), { recursive: true });
  await realMediaTools().ffmpeg({
    input: { url: server.url(clip) },
    inputArgs,
    outputArgs,
    cwd: to,
    onLine: [() => {}],
    stallSeconds: 30,
  });
}

/** One worker alone. @returns all records, those from before too */
async function encodeAll(context: EncodeContext, recorded: number[] = [], onEncoded = () => {}) {
  const session = new SoloSession({ plan, folder: planFolder, output, view: viewOf({ recorded }) });
  await encodeParts(context, session, {
    videoEnd: () => {},
    encoded: onEncoded,
  });
  return readRecords(output, planFolder, plan, never);
}

describe('encodeParts', () => {
  it('makes all parts that are not recorded, and no others', async () => {
    await startPart(contextWith(), second).recorded;
    const started = new Set<number>();
    const context = contextWith({ onProgress: ({ index }) => started.add(index) });
    let encodedAt: number | undefined;
    const records = await encodeAll(context, [second.index], () => {
      encodedAt = started.size;
    });
    expect(records.map(({ part, endSeconds }) => [part, Math.round(endSeconds)])).toEqual([
      [0, 12],
      [1, 24],
      [2, 30],
      [3, 30],
    ]);
    expect([...started].sort()).toEqual([0, 2, 3]);
    expect(encodedAt).toBe(3);
    expect(await readdir(workDir)).toEqual([]);
  });

  it('lets the audio wait behind its first segment for that of the picture, where the film is played early', async () => {
    const tools = realMediaTools();
    const events: string[] = [];
    const isPaused = Promise.withResolvers<void>();
    const context = contextWith({
      pacesAudio: false,
      tools: {
        ...tools,
        async ffmpeg(call) {
          if (call.outputArgs.includes('libx264')) {
            await isPaused.promise;
            return tools.ffmpeg(call);
          }
          return tools.ffmpeg({
            ...call,
            // All of the audio would be there before its first segment is read.
            inputArgs: ['-readrate', '10', ...call.inputArgs],
            onStart: (control) =>
              call.onStart?.({
                pause() {
                  events.push('pause');
                  control.pause();
                  isPaused.resolve();
                },
                resume() {
                  events.push('resume');
                  control.resume();
                },
              }),
          });
        },
      },
      onSegment: ({ kind }, _, piece) => {
        if (piece.kind === 'segment') events.push(`${kind} ${piece.segment.number}`);
      },
    });
    const session = new SoloSession({ plan, folder: planFolder, output, view: viewOf({}) });
    await encodeParts({ ...context, isPlayedEarly: true }, session, {
      videoEnd: () => {},
      encoded: () => {},
    });
    const shown = events.filter((event) => event === 'pause' || event === 'resume' || event.endsWith(' 0'));
    expect(shown.filter((event) => event !== 'audio 0')).toEqual(['pause', 'video 0', 'resume']);
    expect(events.filter((event) => event.startsWith('audio'))).toEqual(
      [0, 1, 2, 3, 4].map((n) => `audio ${n}`),
    );
  });

  it('stops all parts when one fails, and reports the first cause', async () => {
    const tools = realMediaTools();
    const failing = {
      ...tools,
      ffmpeg: (call: Parameters<typeof tools.ffmpeg>[0]) =>
        call.inputArgs.includes('-vn') ? Promise.reject(new Error('no sound today')) : tools.ffmpeg(call),
    };
    await expect(encodeAll(contextWith({ tools: failing }))).rejects.toThrow('no sound today');
    expect(await readdir(workDir)).toEqual([]);
  });

  it('drops a part for one that players come to sooner, makes that and its audio, and then the dropped one', async () => {
    const begun = Promise.withResolvers<void>();
    const waiting: Part[] = [second];
    const recorded: number[] = [];
    const dropped: number[] = [];
    const session = {
      next: async (kind: Part['kind']) => {
        const at = waiting.findIndex((part) => part.kind === kind);
        return at < 0 ? undefined : waiting.splice(at, 1)[0];
      },
      drop: async (part: Part) => {
        dropped.push(part.index);
        waiting.push(part);
      },
      record: async (part: Part) => void recorded.push(part.index),
    };
    const lost = [audioPart(plan), first];
    const lostParts = {
      async next(work: () => VideoWork, signal: AbortSignal) {
        await begun.promise;
        const part = lost.shift();
        if (part !== undefined) {
          expect(work()).toMatchObject({ kind: 'encoding', part: second });
          waiting.push(part);
          return part;
        }
        if (!signal.aborted) await once(signal, 'abort');
        return undefined;
      },
    };
    // As long as the first part of the film and its audio are lost, it gets nowhere.
    const tools = realMediaTools();
    const slow: typeof tools = {
      ...tools,
      ffmpeg: (call) =>
        tools.ffmpeg({
          ...call,
          inputArgs: [...(lost.length > 0 ? ['-readrate', '0.1'] : []), ...call.inputArgs],
        }),
    };
    const context = contextWith({ tools: slow, onProgress: () => begun.resolve() });
    await encodeParts(context, session, { videoEnd: () => {}, encoded: () => {} }, lostParts);
    expect(dropped).toEqual([second.index]);
    expect(recorded.toSorted()).toEqual([first.index, second.index, audioPart(plan).index]);
    expect(recorded.indexOf(first.index)).toBeLessThan(recorded.indexOf(second.index));
    expect(await readdir(workDir)).toEqual([]);
  });

  it('stops the audio when the next part of the picture can’t be chosen', async () => {
    const tools = realMediaTools();
    const waiting = {
      ...tools,
      ffmpeg: ({ signal }: Parameters<typeof tools.ffmpeg>[0]) =>
        new Promise<never>((_, reject) => {
          if (signal?.aborted) reject(signal.reason);
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    };
    const session = new SoloSession({ plan, folder: planFolder, output, view: viewOf({}) });
    const unwell = {
      next: (kind: Part['kind']) =>
        kind === 'video'
          ? sleep(100).then(() => Promise.reject(new Error('storage is unwell')))
          : session.next(kind),
      drop: async () => {},
      record: async () => {},
    };
    const on = { videoEnd: () => {}, encoded: () => {} };
    await expect(encodeParts(contextWith({ tools: waiting }), unwell, on)).rejects.toThrow(
      'storage is unwell',
    );
  });

  it('starts no part behind the end of a film that stops early', async () => {
    const short = join(folder.path, 'short.mp4');
    await ffmpeg('-i', clip, '-t', '15', '-c', 'copy', short);
    const records = await encodeAll(contextWith({ urls: [server.url(short)] }));
    expect(records.map(({ part }) => part)).toEqual([0, 1, 3]);
    expect(records[1]?.endSeconds).toBeCloseTo(15, 1);
  });
});
