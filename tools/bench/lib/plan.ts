import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type MediaTools, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { Plan, VideoEncoder } from '../../../worker/src/plan/plan.ts';
import type { Media } from '../../../worker/src/probe/media.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { type SourceServer, serveSource } from '../../../worker/src/source/server.ts';
import type { SourceObject } from '../../../worker/src/source/source.ts';

export interface PlannedFilm extends AsyncDisposable {
  tools: MediaTools;
  server: SourceServer;
  media: Media;
  encoder: VideoEncoder;
  plan: Plan;
}

/**
 * The plan that a worker makes of a film, and the server that its ffmpeg would read it from, over a local file.
 * @param threads of x264, where they are to be as many as a worker's
 */
export async function planFilm(
  path: string,
  environment: Record<string, string>,
  threads?: number,
): Promise<PlannedFilm> {
  const settings = readSettings({
    QUEUE_URL: 'http://localhost',
    DEAD_LETTER_QUEUE_URL: 'http://localhost/dead',
    SOURCE_BUCKET: 'source',
    OUTPUT_BUCKET: 'output',
    ...environment,
  });
  const tools = openMediaTools({
    ffmpegPath: settings.ffmpegPath,
    ffprobePath: settings.ffprobePath,
    maxPixels: settings.limits.pixels,
    maxStreams: settings.limits.streams,
  });
  const source: SourceObject = {
    name: path,
    describe: async () => ({ sizeBytes: (await stat(path)).size, etag: '"file"' }),
    readRange: async ({ start, end }) => createReadStream(path, { start, end }),
  };
  const info = await source.describe();
  const server = await serveSource(source, info);
  const media = await probe(tools, server.url, info.sizeBytes, settings.limits);
  const encoder: VideoEncoder = {
    name: 'x264',
    preset: settings.encoding.x264Preset,
    ...(threads === undefined ? {} : { threads }),
  };
  const plan = makePlan(media, {
    sourceVersion: info.etag,
    encoding: settings.encoding,
    encoder,
    software: tools.version,
  });
  return { tools, server, media, encoder, plan, [Symbol.asyncDispose]: () => server.close() };
}
