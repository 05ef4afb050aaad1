import { gainFor, loudnessOf } from '../plan/loudness.ts';
import type { LoudnessPart, Plan } from '../plan/plan.ts';
import { type PartRecord, partRecordSchema } from '../protocol/part-record.ts';
import { readJson } from '../storage/read-json.ts';
import { loudnessArguments } from './audio-arguments.ts';
import { blameFilm } from './blame-film.ts';
import { type EncodeContext, sourceUrl } from './context.ts';
import { JoinedAudio } from './joined-audio.ts';
import { LoudnessMeter } from './loudness-meter.ts';

/**
 * Measures how loud each track of the whole film is. One gain for the whole film can only be known after that, and so its audio is made
 * after that, while the video does not wait.
 */
export async function measureLoudness(context: EncodeContext, part: LoudnessPart): Promise<PartRecord> {
  const { plan, tools, stallSeconds, sourceStalledSeconds, maxSeconds } = context;
  const startedAt = performance.now();
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const { samples, meterSeconds = [], ...args } = loudnessArguments(plan, maxSeconds);
  const { lavfiFirst, inputArgs, outputArgs } = args;
  const meters = meterSeconds.map((seconds) => new LoudnessMeter(seconds));
  const joined = samples && new JoinedAudio(context, { signal, fail: (error) => failed.abort(error) });
  const measuring = tools.ffmpeg({
    // Not paced by the video: the audio waits for what comes of it.
    input:
      samples && joined
        ? { samples, onOpen: (streams) => joined.write(streams) }
        : { url: sourceUrl(context, 0) },
    ...(lavfiFirst === undefined ? {} : { lavfiFirst }),
    inputArgs,
    outputArgs,
    stallSeconds,
    isSourceStalled: () => joined?.isAwaited() ?? sourceStalledSeconds() > 0,
    signal,
    onProgress: (progress) => context.onProgress(part, progress),
    onLine: meters.map((meter) => (line) => meter.addLine(line)),
  });
  await measuring.catch((error: unknown) => blameFilm(error));
  const record: PartRecord = {
    version: 1,
    part: part.index,
    renditions: [],
    endSeconds: 0,
    sheets: [],
    loudness: plan.audio.map(({ name }, n) => ({ name, ...(meters[n] ?? new LoudnessMeter()).blocks() })),
    warnings: [],
    encodeSeconds: (performance.now() - startedAt) / 1000,
  };
  await context.record(part, record, signal);
  return record;
}

/** What each rendition is multiplied with, in dB. */
export async function readGains({ plan, output, folder, signal }: EncodeContext): Promise<number[]> {
  const part = plan.parts.find(({ kind }) => kind === 'loudness');
  const { loudness: target } = plan;
  if (part === undefined || target === undefined) return [];
  const record = await readJson(output, folder.record(part.index), partRecordSchema, signal);
  if (record?.loudness === undefined)
    throw new Error(`The record of part ${part.index} is no longer in storage.`);
  return gainsOf(plan, record.loudness, target);
}

function gainsOf({ audio }: Plan, measured: NonNullable<PartRecord['loudness']>, target: number): number[] {
  return audio.map(({ name }) => {
    const stretches = measured.filter((each) => each.name === name);
    return gainFor(loudnessOf(stretches), target);
  });
}
