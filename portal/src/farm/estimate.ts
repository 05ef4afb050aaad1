import { type Estimate, estimate } from '../../../cli/plan/estimate.ts';
import { encoderOn, machineName } from '../../../cli/plan/machine.ts';
import type { BackendName } from '../../../infra/storage/names.ts';
import { plainFilm, publishedBytes } from '../../../tools/cost/plain-film.ts';
import { storageMonth } from '../../../tools/cost/storage-month.ts';
import { encodingFor } from '../../../worker/src/plan/encoding.ts';
import { ladderNames } from '../../../worker/src/plan/ladder.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import { type FileFormat, fileFormats, longestGifSeconds } from '../../../worker/src/plan/outputs.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { type Media, withoutVideo } from '../../../worker/src/probe/media.ts';
import type { JobOptions } from '../../../worker/src/protocol/job.ts';
import { withPreset } from '../../../worker/src/protocol/presets.ts';
import type { FarmMachine } from './machine.ts';

/** What a browser can read of a film. */
export interface DescribedFilm {
  seconds: number;
  bytes: number;
  width?: number | undefined;
  height?: number | undefined;
  framesPerSecond?: number | undefined;
}

/** Browsers report no frame rate. Most films have 24 to 30; more takes longer. */
const usualFramesPerSecond = 30;

/** Of all films together. */
export interface Total {
  /** Undefined for audio alone, which takes next to nothing. */
  seconds?: number;
  costs: Estimate['costs'];
  /** Of the stream. */
  bytes: number;
}

/** What would be made of some films, and what other choices would change. */
export interface FilmsEstimate extends Total {
  machine: string;
  /** Names of the renditions of the first film, the largest first. */
  renditions: string[];
  /** With each ladder; null is the farm's own. */
  ladders: (Total & { ladder: (typeof ladderNames)[number] | null })[];
  /** What each file adds; its length is unknown where it depends on the pictures. */
  files: { format: FileFormat; bytes?: number }[];
  storageUsdPerMonth?: number;
  notes: string[];
}

/** @throws RefusedError for films that no worker takes; UnknownPresetError */
export function estimateFilms(
  farm: FarmMachine & { storage: BackendName },
  films: readonly DescribedFilm[],
  given: JobOptions,
): FilmsEstimate {
  const options = withPreset(given, farm.settings.presets);
  const all = films.map((film) => planFilm(farm, film, options));
  const [first] = all;
  const sum = total(all);
  const isHere = farm.machine.kind === 'here';
  return {
    ...sum,
    machine: machineName(farm.machine),
    renditions: (first?.plan.video?.renditions ?? []).map(({ name }) => name),
    ladders: [null, ...ladderNames].map((ladder) => ({
      ladder,
      ...total(films.map((film) => planFilm(farm, film, { ...options, ladder: ladder ?? undefined }))),
    })),
    files: fileFormats
      .filter((format) => format !== 'gif' || films.every(({ seconds }) => seconds <= longestGifSeconds))
      .map((format) => {
        const sizes = all.map(({ plan }) => fileBytes(plan, format));
        const bytes = sizes.reduce<number | undefined>((a, b) => add(a, b), 0);
        return { format, ...(bytes !== undefined && { bytes }) };
      }),
    ...(!isHere && { storageUsdPerMonth: storageMonth(farm.storage, sum.bytes).usd }),
    notes: [
      ...new Set(all.flatMap(({ expected }) => expected?.notes ?? [])),
      ...(films.some(({ framesPerSecond }) => framesPerSecond === undefined)
        ? [`taken for ${usualFramesPerSecond} frames a second`]
        : []),
      ...(isHere ? [] : ['without the start of a worker and its idle time']),
    ],
  };
}

interface PlannedFilm {
  plan: Plan;
  expected: Estimate | undefined;
}

function planFilm(
  { machine, settings }: FarmMachine,
  { seconds, bytes, width, height, framesPerSecond = usualFramesPerSecond }: DescribedFilm,
  options: JobOptions,
): PlannedFilm {
  const frameRate = { num: Math.round(framesPerSecond * 1000), den: 1000 };
  const video = width && height ? { width, height, frameRate } : undefined;
  const known = plainFilm({ durationSeconds: seconds, sizeBytes: bytes, video });
  // Short segments change nothing of time and cost, and make plans long.
  const encoding = encodingFor(settings.encoding, { ...options, segmentSeconds: undefined });
  const media: Media = encoding.audioOnly ? withoutVideo(known) : known;
  const encoder = encoderOn(machine, settings, options);
  const plan = makePlan(media, {
    sourceVersion: 'estimate',
    encoding,
    encoder,
    software: 'estimate',
    functionLimits: settings.functionLimits,
  });
  const workers = options.workersPerFilm ?? settings.sharing.workersPerFilm;
  return { plan, expected: estimate(media, plan, machine, workers) };
}

/** As if one film were made after another. */
function total(films: readonly PlannedFilm[]): Total {
  const expected = films.flatMap((film) => film.expected ?? []);
  const markets = expected[0]?.costs.map(({ market }) => market) ?? [];
  return {
    ...(expected.length > 0 && { seconds: expected.reduce((sum, { seconds }) => sum + seconds, 0) }),
    costs: markets.map((market) => ({
      market,
      usd: expected
        .flatMap(({ costs }) => costs.filter((cost) => cost.market === market))
        .reduce((sum, { usd }) => sum + usd, 0),
    })),
    bytes: films.reduce((sum, { plan }) => sum + publishedBytes(plan), 0),
  };
}

/** Bits a second of an MP3 (`mp3Bitrate` in worker/src/encode/file-arguments.ts). */
const mp3Bitrate = 192_000;

/** Of speech and music, mono at 16 kHz: about half of what PCM has. */
const flacBitrate = 130_000;

function fileBytes({ video, audio, durationSeconds }: Plan, format: FileFormat): number | undefined {
  const audioBitrate = audio.reduce((sum, { bitrate }) => sum + bitrate, 0);
  const bitrates: Record<FileFormat, number | undefined> = {
    mp4: (video?.renditions[0]?.bitrate ?? 0) + audioBitrate,
    webm: (video?.renditions[0]?.bitrate ?? 0) + audioBitrate,
    m4a: audioBitrate,
    mp3: mp3Bitrate * audio.length,
    flac: flacBitrate * audio.length,
    gif: undefined,
  };
  const bitrate = bitrates[format];
  return bitrate === undefined ? undefined : (bitrate * durationSeconds) / 8;
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
