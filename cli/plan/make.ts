import { chooseEncoder } from '../../worker/src/encode/choose-encoder.ts';
import { openMediaTools } from '../../worker/src/ffmpeg/media-tool.ts';
import type { AssetSource } from '../../worker/src/overlays/assets.ts';
import { findAssets } from '../../worker/src/overlays/find-assets.ts';
import { overlaysOf } from '../../worker/src/overlays/overlays-of.ts';
import { encodingFor } from '../../worker/src/plan/encoding.ts';
import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { Plan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { probe } from '../../worker/src/probe/probe.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { serveSource } from '../../worker/src/source/server.ts';
import type { SourceObject } from '../../worker/src/source/source.ts';
import { UserError } from '../errors.ts';
import type { JobFields } from '../submit/job-options.ts';
import { drawFrame, type FrameRequest } from './frame.ts';
import { encoderOn, type Machine } from './machine.ts';

/** A film, and what a worker would make of it. */
export interface PlannedFilm {
  media: Media;
  plan: Plan;
}

/**
 * Probes and plans with the worker's own code, and encodes nothing.
 * @throws RefusedError where a worker would refuse the film
 * @throws UserError where there is no ffmpeg
 */
export async function planFilm(
  film: SourceObject,
  settings: Settings,
  options: NonNullable<JobFields['options']>,
  machine: Machine,
  { assets, frame, signal }: { assets: AssetSource; frame?: FrameRequest | undefined; signal: AbortSignal },
): Promise<PlannedFilm> {
  const tools = mediaTools(settings);
  const info = await film.describe(signal);
  const server = await serveSource(film, info, { patienceSeconds: 10 });
  try {
    const media = await probe(tools, server.url, info.sizeBytes, settings.limits, signal);
    const asked = overlaysOf(options, settings);
    const request = {
      sourceVersion: info.versionId ?? info.etag,
      encoding: encodingFor(settings.encoding, options),
      // On this machine whatever runs here.
      encoder: machine.kind === 'here' ? await chooseEncoder(settings, tools) : encoderOn(machine, settings),
      software: tools.version,
      functionLimits: settings.functionLimits,
      overlays: asked.length > 0 ? await findAssets(asked, assets, signal) : undefined,
    };
    if (frame) {
      // This machine may have no GPU, and the frame is the same.
      const drawn = makePlan(media, { ...request, encoder: { name: 'x264', preset: 'veryfast' } });
      await drawFrame(drawn, frame, { url: server.url, tools, assets, signal });
    }
    return { media, plan: makePlan(media, request) };
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
