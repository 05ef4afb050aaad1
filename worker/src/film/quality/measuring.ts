import { existsSync } from 'node:fs';
import { type MediaTools, openMediaTools } from '../../ffmpeg/media-tool.ts';
import { readFilters } from '../../ffmpeg/programs.ts';
import { metricOf } from '../../plan/measure.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Measuring } from '../film.ts';

/**
 * What films are measured by: a second ffmpeg with libvmaf where there is one, otherwise the one that encodes. Looked for when the first
 * film is to be measured.
 */
export function openMeasuring(
  settings: Pick<Settings, 'ffmpegPath' | 'ffprobePath' | 'ffmpegMeasurePath' | 'limits'>,
  tools: MediaTools,
): () => Measuring | undefined {
  let found: { measuring: Measuring | undefined } | undefined;
  return () => {
    found ??= { measuring: findMeasuring(settings, tools) };
    return found.measuring;
  };
}

function findMeasuring(
  { ffmpegPath, ffprobePath, ffmpegMeasurePath: second, limits }: Parameters<typeof openMeasuring>[0],
  tools: MediaTools,
): Measuring | undefined {
  // The image names a path at which only images of farms that measure have a program.
  if (second !== undefined && existsSync(second)) {
    const metric = metricOf(readFilters(second));
    const opened = { ffmpegPath: second, ffprobePath, maxPixels: limits.pixels, maxStreams: limits.streams };
    if (metric !== undefined) return { tools: openMediaTools(opened), metric };
  }
  const metric = metricOf(readFilters(ffmpegPath));
  return metric && { tools, metric };
}
