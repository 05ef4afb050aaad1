import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSource } from '../../../cli/plan/film.ts';
import { folderAssets } from '../../../cli/plan/folder-assets.ts';
import { overlayFiles } from '../../../worker/src/encode/draw.ts';
import { frameArguments } from '../../../worker/src/encode/frame-arguments.ts';
import { videoArguments, zeroOf } from '../../../worker/src/encode/video-arguments.ts';
import { findAssets } from '../../../worker/src/overlays/find-assets.ts';
import { prepareOverlays } from '../../../worker/src/overlays/prepare.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { OverlayOptions } from '../../../worker/src/plan/overlay-options.ts';
import type { Plan, VideoPlan } from '../../../worker/src/plan/plan.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { serveSource } from '../../../worker/src/source/server.ts';
import { ffmpeg, realMediaTools } from './clips.ts';
import { planRequest } from './media.ts';
import { videoParts } from './plans.ts';

const limits = { durationSeconds: 3600, pixels: 36_000_000, streams: 64, probeSeconds: 30 };
let folders = 0;

/** A film with overlays, as the worker plans it, and what its filters make of each frame: before an encoder loses anything. */
export interface DrawnFilm extends AsyncDisposable {
  plan: Plan & { video: VideoPlan };
  /** Number and checksum of every frame of every rendition, all parts after one another. */
  frames(): Promise<string[][]>;
  /** Red, green and blue of each pixel of the frame at a time, in the size of the largest rendition. */
  pixels(atSeconds: number): Promise<{ width: number; height: number; at(x: number, y: number): number[] }>;
  /** The frame as a file. */
  frame(atSeconds: number): Promise<string>;
}

/** @param folder holds the images and fonts that the overlays name, and what is made here */
export async function drawFilm(
  clip: string,
  overlays: readonly OverlayOptions[],
  folder: string,
  encoding: Parameters<typeof planRequest>[0] = {},
): Promise<DrawnFilm> {
  const tools = realMediaTools();
  const source = fileSource(clip);
  const info = await source.describe();
  const server = await serveSource(source, info, { patienceSeconds: 10 });
  const { signal } = new AbortController();
  const media = await probe(tools, server.url, info.sizeBytes, limits, signal);
  const request = overlays.length > 0 ? await findAssets(overlays, folderAssets(folder)) : undefined;
  const plan = makePlan(media, planRequest({ segmentSeconds: 2, ...encoding }, { overlays: request }));
  const { video } = plan;
  if (video === undefined) throw new Error('This film was to have a picture.');
  const workDir = join(folder, `drawn-${folders++}`);
  await mkdir(join(workDir, 'run', 'storyboard'), { recursive: true });
  const drawing = join(workDir, overlayFiles.folder);
  if (video.overlays)
    await prepareOverlays(video.overlays, drawing, { assets: folderAssets(folder), tools, signal });
  const run = (args: { inputArgs: readonly string[]; outputArgs: readonly string[] }) =>
    tools.ffmpeg({
      input: { url: server.url },
      ...args,
      cwd: join(workDir, 'run'),
      fontConfigPath: join(drawing, overlayFiles.fontConfig),
      stallSeconds: 60,
    });
  const frame = async (atSeconds: number) => {
    const path = join(workDir, `frame-${atSeconds}.png`);
    await run(frameArguments(plan, video, atSeconds, path));
    return path;
  };
  return {
    plan: { ...plan, video },
    async frames() {
      const all: string[][] = video.renditions.map(() => []);
      for (const part of videoParts(plan)) {
        const { inputArgs, outputArgs } = videoArguments(plan, video, part, 3600);
        const graph = outputArgs[outputArgs.indexOf('-filter_complex') + 1] ?? '';
        const names = video.renditions.map((_, index) => `v${index}`);
        const others = [...graph.matchAll(/\[(poster|sheets)\](?=;|$)/g)].map(([, name = '']) => name);
        const sums = (name: string) => join(workDir, `${part.index}-${name}.framecrc`);
        await run({
          inputArgs,
          outputArgs: [
            ...['-filter_complex', graph],
            ...names.flatMap((name) => [
              ...['-map', `[${name}]`, '-fps_mode', 'passthrough', '-enc_time_base', '1:1000'],
              ...['-c:v', 'rawvideo', '-f', 'framecrc', sums(name)],
            ]),
            ...others.flatMap((name) => ['-map', `[${name}]`, '-f', 'null', '-']),
          ],
        });
        for (const [index, name] of names.entries()) {
          const text = await readFile(sums(name), 'utf8');
          const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
          const zero = zeroOf(video, part);
          all[index]?.push(
            ...lines.map((line) => {
              const [, , pts = '', , , checksum = ''] = line.split(',').map((field) => field.trim());
              const { num, den } = video.frameRate;
              return `${Math.round(((Number(pts) / 1000 + zero) * num) / den)} ${checksum}`;
            }),
          );
        }
      }
      return all;
    },
    frame,
    async pixels(atSeconds) {
      const raw = await ffmpeg('-i', await frame(atSeconds), '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-');
      const [{ width = 0, height = 0 } = {}] = video.renditions;
      return {
        width,
        height,
        at(x, y) {
          const start = (Math.round(y) * width + Math.round(x)) * 3;
          return [...raw.subarray(start, start + 3)];
        },
      };
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
