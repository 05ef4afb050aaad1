import { chooseEncoder } from '../encode/choose-encoder.ts';
import { openMediaTools } from '../ffmpeg/media-tool.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import { readSettings } from '../settings/settings.ts';
import { sourceKinds } from './kinds.ts';
import { type KindResult, selfTest } from './self-test.ts';
import { heading, resultRow } from './table.ts';

export interface SelfTestReport {
  ok: boolean;
  encoder: VideoEncoder;
  ffmpeg: string;
  results: KindResult[];
}

/** Long enough for a speed, and short enough for an answer within minutes on a small machine. */
const filmSeconds = 4;

/** No test reaches a queue or a bucket. */
const noFarm = {
  QUEUE_URL: 'https://localhost/self-test',
  DEAD_LETTER_QUEUE_URL: 'https://localhost/self-test-dead',
  SOURCE_BUCKET: 'self-test',
  OUTPUT_BUCKET: 'self-test-output',
};

/**
 * What this machine makes of each kind of film, and how fast: one line for each as it is known.
 * @param environment the worker's: ENCODER, the presets, the ladder and FFMPEG_PATH count
 * @throws EncoderUnavailableError when NVENC was asked for and does not run here
 */
export async function runSelfTest(
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
  signal: AbortSignal,
  kinds = sourceKinds,
): Promise<SelfTestReport> {
  const settings = readSettings({ ...noFarm, ...environment });
  const { ffmpegPath, ffprobePath, limits } = settings;
  const tools = openMediaTools({
    ffmpegPath,
    ffprobePath,
    maxPixels: limits.pixels,
    maxStreams: limits.streams,
  });
  const encoder = await chooseEncoder(settings, tools);
  say(
    `ffmpeg ${tools.version}, ${encoder.name} ${encoder.preset}; films of ${filmSeconds} s, all renditions`,
  );
  say(heading);
  const results: KindResult[] = [];
  for await (const result of selfTest(kinds, { tools, encoder, settings, seconds: filmSeconds, signal })) {
    say(resultRow(result));
    results.push(result);
  }
  const ok = results.every(({ state }) => state !== 'failed');
  return { ok, encoder, ffmpeg: tools.version, results };
}
