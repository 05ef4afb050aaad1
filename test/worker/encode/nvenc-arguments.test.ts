import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderArguments } from '../../../worker/src/encode/encoders.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { MediaToolError } from '../../../worker/src/ffmpeg/media-tool.ts';
import type { VideoPart, VideoRendition } from '../../../worker/src/plan/plan.ts';
import type { VideoStream } from '../../../worker/src/probe/media.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { type FileServer, serveFiles } from '../../helpers/media/file-server.ts';
import { nvenc, shortPlan, videoParts } from '../../helpers/media/plans.ts';

/**
 * Where there is no GPU, ffmpeg gets as far as its driver: every option, filter and value before that was accepted.
 * On a machine with one, these same arguments must encode.
 */
const driverIsMissing = /Cannot load libcuda\.so\.1/;
const tools = realMediaTools();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: FileServer;
let clip: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await serveFiles();
  clip = join(folder.path, 'clip.mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=4'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', clip],
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const filtersOfFfmpeg = execFileSync('ffmpeg', ['-hide_banner', '-filters'], { encoding: 'utf8' });
const hasFilter = (filter: string) => filtersOfFfmpeg.includes(` ${filter.split('=')[0]} `);

/** @returns how it failed; undefined where a GPU did it */
async function problemOf(running: Promise<unknown>): Promise<string | undefined> {
  try {
    await running;
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaToolError)) throw error;
    return error.stderrTail;
  }
}

function expectStoppedByDriverAlone(problem: string | undefined): void {
  if (problem === undefined) return;
  expect(problem).toMatch(driverIsMissing);
  expect(problem).not.toMatch(
    /Unrecognized option|Option .* not found|No such filter|Unable to parse|Undefined constant/i,
  );
}

const films: [string, Partial<VideoStream>, 'gpu' | 'upload'][] = [
  ['a plain film', {}, 'gpu'],
  ['an interlaced film', { interlaced: true }, 'gpu'],
  ['a film in full range', { colorRange: 'pc' }, 'gpu'],
  ['a film of 4:2:2 fields', { pixelFormat: 'yuv422p', interlaced: true }, 'upload'],
  ['an HDR film', { codec: 'hevc', pixelFormat: 'yuv420p10le', bitDepth: 10, hdr: 'pq' }, 'upload'],
  ['a film of varying rate', { variableFrameRate: true }, 'gpu'],
  ['a turned film', { rotation: 90 }, 'upload'],
];

describe.each(['fmp4', 'mpegts'] as const)('arguments for NVENC and %s', (segmentFormat) => {
  it.each(films)('are accepted by ffmpeg for %s', async (_, video, path) => {
    const plan = shortPlan({ encoder: nvenc, encoding: { segmentFormat }, video });
    expect(plan.video.path).toBe(path);
    // An ffmpeg without the filter refuses the try on the film before it is planned so.
    if (plan.video.prepare.some((filter) => !hasFilter(filter))) return;
    const parts = videoParts(plan);
    for (const part of [parts[0], parts.at(-1)] as VideoPart[]) {
      const { inputArgs, outputArgs, renditions } = videoArguments(plan, plan.video, part, 100);
      for (const name of [...renditions, 'storyboard'])
        await mkdir(join(folder.path, name), { recursive: true });
      const problem = await problemOf(
        tools.ffmpeg({
          input: { url: server.url(clip) },
          inputArgs,
          outputArgs,
          cwd: folder.path,
          onLine: renditions.map(() => () => {}),
          stallSeconds: 30,
        }),
      );
      expectStoppedByDriverAlone(problem);
    }
  });
});

describe('options of NVENC', () => {
  /** With frames in main memory ffmpeg reads the encoder's options before it looks for the driver. */
  const encode = (args: readonly string[]) =>
    problemOf(
      tools.ffmpeg({
        input: { lavfi: 'testsrc2=size=640x360:rate=25:duration=0.2' },
        inputArgs: [],
        outputArgs: ['-pix_fmt', 'yuv420p', ...args, '-f', 'null', '-'],
        stallSeconds: 30,
      }),
    );
  const [rendition] = shortPlan({ encoder: nvenc }).video.renditions as [VideoRendition];

  it.each(['p1', 'p4', 'p5', 'p7'])('are accepted with the preset %s', async (preset) => {
    expectStoppedByDriverAlone(await encode(encoderArguments({ name: 'nvenc', preset }, rendition)));
  });

  it.each([
    ['a value', ['-rc', 'nonsense']],
    ['a preset', ['-preset', 'p9']],
    ['an option', ['-no-such-option', '1']],
  ])('would be refused with %s that does not exist', async (_, wrong) => {
    const problem = await encode([...encoderArguments(nvenc, rendition), ...wrong]);
    expect(problem).toBeDefined();
    expect(problem).not.toMatch(driverIsMissing);
  });
});
