import { chooseEncoder } from '../../worker/src/encode/choose-encoder.ts';
import { openMediaTools } from '../../worker/src/ffmpeg/media-tool.ts';
import type { AssetSource } from '../../worker/src/overlays/assets.ts';
import { findAssets } from '../../worker/src/overlays/find-assets.ts';
import { overlaysOf } from '../../worker/src/overlays/overlays-of.ts';
import { encodingFor } from '../../worker/src/plan/encoding.ts';
import { joinClips } from '../../worker/src/plan/join.ts';
import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { Plan, VideoEncoder } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { probe } from '../../worker/src/probe/probe.ts';
import { noteWholeFrames } from '../../worker/src/probe/whole-frames.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { headReader, rangeReader } from '../../worker/src/source/read-head.ts';
import { serveSource } from '../../worker/src/source/server.ts';
import type { SourceObject } from '../../worker/src/source/source.ts';
import type { ObjectInfo } from '../../worker/src/storage/store.ts';
import { UserError } from '../errors.ts';
import type { JobFields } from '../submit/job-options.ts';
import { drawFrame, type FrameRequest } from './frame.ts';
import { encoderOn, type Machine } from './machine.ts';

/** A clip of a film that can be read. */
export interface ClipToPlan {
  /** As it was named. */
  name: string;
  film: SourceObject;
  from?: number;
  to?: number;
}

/** A film, and what a worker would make of it. */
export interface PlannedFilm {
  /** Of each clip; one where a whole film is planned. */
  media: Media[];
  plan: Plan;
  /** What a worker on another machine would make of it. @throws RefusedError where it would refuse the film */
  planOn: (machine: Machine, settings: Settings) => Plan;
}

/**
 * Probes and plans with the worker's own code, and encodes nothing. One clip that is not trimmed is a whole film.
 * @throws RefusedError where a worker would refuse the film
 * @throws UserError where there is no ffmpeg
 */
export async function planFilm(
  clips: readonly ClipToPlan[],
  settings: Settings,
  options: NonNullable<JobFields['options']>,
  machine: Machine,
  { assets, frame, signal }: { assets: AssetSource; frame?: FrameRequest | undefined; signal: AbortSignal },
): Promise<PlannedFilm> {
  const tools = mediaTools(settings);
  const isWhole = clips.length === 1 && clips[0]?.from === undefined && clips[0]?.to === undefined;
  if (frame && !isWhole)
    throw new UserError('--frame shows a frame of one whole film. Leave #t= and the other films out.');
  const asked = overlaysOf(options, settings);
  const overlays = asked.length > 0 ? await findAssets(asked, assets, signal) : undefined;
  const encoder =
    // On this machine whatever runs here.
    machine.kind === 'here' ? await chooseEncoder(settings, tools) : encoderOn(machine, settings, options);
  const probed: Media[] = [];
  const versions: string[] = [];
  const requestFor = (encoder: VideoEncoder, { encoding, functionLimits }: Settings) => ({
    sourceVersion: versions.join('\n'),
    encoding: encodingFor(encoding, options),
    encoder,
    software: tools.version,
    functionLimits,
    overlays,
  });
  for (const { film } of clips) {
    await withServer(film, signal, async (url, info) => {
      const found = await probe(
        tools,
        url,
        info.sizeBytes,
        settings.limits,
        signal,
        headReader(film, info, signal),
      );
      const media = await noteWholeFrames(found, rangeReader(film, info, signal));
      probed.push(media);
      versions.push(info.versionId ?? info.etag);
      if (frame === undefined) return;
      // This machine may have no GPU, and the frame is the same.
      const drawn = makePlan(media, requestFor({ name: 'x264', preset: 'veryfast' }, settings));
      await drawFrame(drawn, frame, { url, tools, assets, signal });
    });
  }
  const [first] = probed;
  if (first === undefined) throw new TypeError('A film has at least one clip.');
  const joined = clips.map(({ film, ...clip }, source) => ({
    ...clip,
    source,
    media: probed[source] ?? first,
  }));
  const planWith = (encoder: VideoEncoder, by: Settings) =>
    isWhole ? makePlan(first, requestFor(encoder, by)) : joinClips(joined, requestFor(encoder, by));
  return {
    media: probed,
    plan: planWith(encoder, settings),
    planOn: (other, by) => planWith(encoderOn(other, by, options), by),
  };
}

async function withServer(
  film: SourceObject,
  signal: AbortSignal,
  work: (url: string, info: ObjectInfo) => Promise<void>,
): Promise<void> {
  const info = await film.describe(signal);
  const server = await serveSource(film, info, { patienceSeconds: 10 });
  try {
    await work(server.url, info);
  } catch (error) {
    // ffprobe saw only a broken connection; the server knows why.
    throw server.failure ?? error;
  } finally {
    await server.close();
  }
}

function mediaTools({ ffmpegPath, ffprobePath, limits }: Settings) {
  try {
    return openMediaTools({ ffmpegPath, ffprobePath, maxPixels: limits.pixels, maxStreams: limits.streams });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}
