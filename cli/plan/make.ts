import { chooseEncoder } from '../../worker/src/encode/choose-encoder.ts';
import { openMediaTools } from '../../worker/src/ffmpeg/media-tool.ts';
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
  signal: AbortSignal,
): Promise<PlannedFilm> {
  const tools = mediaTools(settings);
  const info = await film.describe(signal);
  const server = await serveSource(film, info, { patienceSeconds: 10 });
  try {
    const media = await probe(tools, server.url, info.sizeBytes, settings.limits, signal);
    const plan = makePlan(media, {
      sourceVersion: info.versionId ?? info.etag,
      encoding: encodingFor(settings.encoding, options),
      // On this machine whatever runs here.
      encoder: machine.kind === 'here' ? await chooseEncoder(settings, tools) : encoderOn(machine, settings),
      software: tools.version,
      functionLimits: settings.functionLimits,
    });
    return { media, plan };
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
