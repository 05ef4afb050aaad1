import type { FfprobePacket, FfprobeStream } from './ffprobe-json.ts';
import type { Fraction } from './media.ts';

/** Rates that cameras and editors write; a film of varying rate is put on the nearest of these. */
const usualRates: Fraction[] = [
  { num: 5, den: 1 },
  { num: 10, den: 1 },
  { num: 12, den: 1 },
  { num: 15, den: 1 },
  { num: 20, den: 1 },
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
];

/** Shown when nothing is known about a film's rate. */
const fallbackRate: Fraction = { num: 25, den: 1 };

/** Frames whose timestamps may still be missing behind the last packet read: H.264 reorders up to 16. */
const reorderWindow = 16;

export interface FrameRate {
  frameRate: Fraction;
  variableFrameRate: boolean;
  roundedTimestamps: boolean;
}

/**
 * A film is of constant rate only when its first timestamps lie on the grid of a rate that is also the film's average.
 * Anything doubtful counts as variable, as wrong timestamps break segments while a grid only repeats a frame.
 */
export function findFrameRate(
  stream: Pick<FfprobeStream, 'r_frame_rate' | 'avg_frame_rate' | 'time_base'>,
  packets: readonly FfprobePacket[],
  durationSeconds: number,
): FrameRate {
  const base = stream.r_frame_rate;
  const average = stream.avg_frame_rate ?? base;
  const times = presentationTimes(packets);
  const tick = stream.time_base ? stream.time_base.num / stream.time_base.den : 0;
  // Base and average differ a little in short films, and by two where fields are stored apart: timestamps say which is right.
  const steady = [base, average].find(
    (rate) => rate && average && sameRate(rate, average, durationSeconds) && onGrid(times, rate, tick),
  );
  if (steady)
    return { frameRate: steady, variableFrameRate: false, roundedTimestamps: isRounded(steady, tick) };
  const frameRate = usualRate(base, average, times);
  return { frameRate, variableFrameRate: true, roundedTimestamps: false };
}

/**
 * Of the frames that are shown, in order. Those still waiting for frames behind the last packet are left out. AVI stores times
 * of decoding, of which ffmpeg makes times of some frames: there the times of decoding say at which rate frames come.
 */
function presentationTimes(all: readonly FfprobePacket[]): number[] {
  const packets = beforeJump(all);
  const shown = packets.filter((packet) => !packet.flags.includes('D'));
  const complete = shown.every((packet) => packet.pts_time !== undefined);
  const times = shown.flatMap(
    ({ pts_time, dts_time }) => (complete ? pts_time : (dts_time ?? pts_time)) ?? [],
  );
  times.sort((a, b) => a - b);
  return packets.length >= readPackets ? times.slice(0, -reorderWindow) : times;
}

/** Packets are in order of decoding: where that goes back, the recording's clock jumps, and times behind it lie between those before it. */
function beforeJump(packets: readonly FfprobePacket[]): readonly FfprobePacket[] {
  const jump = packets.findIndex(({ dts_time }, n) => {
    const before = packets[n - 1]?.dts_time;
    return dts_time !== undefined && before !== undefined && dts_time < before - jumpSeconds;
  });
  return jump > 0 ? packets.slice(0, jump) : packets;
}

const jumpSeconds = 0.5;

/**
 * Packets read from the film's start to look at its timestamps: a few seconds, which encoding then finds in memory. A
 * film that begins to vary later has another average.
 */
export const readPackets = 120;

/** One and a half frames over the whole film is what an odd last frame makes of the average. */
function sameRate(base: Fraction, average: Fraction, durationSeconds: number): boolean {
  return Math.abs(toNumber(base) - toNumber(average)) * durationSeconds < 1.5;
}

/** Every timestamp within a hundredth of a frame, or the container's rounding, of first + n / rate, none left out. */
function onGrid(times: readonly number[], rate: Fraction, tickSeconds: number): boolean {
  const first = times[0];
  if (first === undefined) return false;
  const frame = rate.den / rate.num;
  // Rounding puts the first time and the other each up to one tick off (some muxers cut instead of rounding).
  const tolerance = Math.min(frame / 4, Math.max(frame / 100, 2 * tickSeconds));
  return times.every((time, n) => Math.abs(time - first - n * frame) <= tolerance);
}

/** Whether a frame lasts no whole number of ticks, and ticks are too coarse for that not to matter. */
function isRounded(rate: Fraction, tickSeconds: number): boolean {
  const ticksPerFrame = rate.den / rate.num / tickSeconds;
  return tickSeconds > 1e-4 && Math.abs(ticksPerFrame - Math.round(ticksPerFrame)) > 1e-6;
}

/** The header's base rate where it is a usual one and frames come about so close; else a usual one that does. */
function usualRate(
  base: Fraction | undefined,
  average: Fraction | undefined,
  times: readonly number[],
): Fraction {
  if (hasFlaggedPulldown(times)) return filmRate;
  const shaken = shakenRate(average, times);
  if (shaken) return shaken;
  const wanted = briskRate(times) ?? (average && toNumber(average)) ?? (base && toNumber(base));
  if (!wanted) return fallbackRate;
  const distance = (rate: Fraction) => Math.abs(Math.log(toNumber(rate) / wanted));
  const stated = base && usualRates.find((rate) => toNumber(rate) === toNumber(base));
  if (stated && distance(stated) < 0.1) return stated;
  return [...usualRates, ...sharesOf(base)].reduce((best, rate) =>
    distance(rate) < distance(best) ? rate : best,
  );
}

/** Recorders of screens and phones write when a frame came, and not when it was due: each is near its place on the grid of a usual rate. */
function shakenRate(average: Fraction | undefined, times: readonly number[]): Fraction | undefined {
  const [first] = times;
  if (average === undefined || first === undefined || times.length < fewestShaken) return undefined;
  const off = (rate: Fraction) => Math.abs(toNumber(rate) / toNumber(average) - 1);
  const [rate] = usualRates.toSorted((a, b) => off(a) - off(b));
  if (rate === undefined || off(rate) > 0.01) return undefined;
  const frame = rate.den / rate.num;
  return times.every((time, n) => Math.abs(time - first - n * frame) < shakenShare * frame)
    ? rate
    : undefined;
}

/** Fewer say nothing. */
const fewestShaken = 25;

/** Of a frame: from half of one on, a frame would land on the place of another. */
const shakenShare = 0.49;

/** Recorders that leave out every second, third or fourth frame of a usual rate: 25 a second become 12.5. */
function sharesOf(base: Fraction | undefined): Fraction[] {
  const isUsual = base && usualRates.some((rate) => toNumber(rate) === toNumber(base));
  return isUsual ? [2, 3, 4].map((every) => ({ num: base.num, den: base.den * every })) : [];
}

/** From the shorter distances of frames (the first quarter of them): pauses don't count, and no quick run is thinned out. */
function briskRate(times: readonly number[]): number | undefined {
  const steps = times.slice(1).map((time, n) => time - (times[n] ?? time));
  const step = steps.filter((seconds) => seconds > 0).sort((a, b) => a - b)[Math.floor(steps.length / 4)];
  return step === undefined ? undefined : 1 / step;
}

const filmRate: Fraction = { num: 24000, den: 1001 };

/**
 * DVDs store 24 frames a second and say of every second one that a field of it is shown again: they last three fields and two
 * in turn. At their own rate none is dropped or shown twice.
 */
function hasFlaggedPulldown(times: readonly number[]): boolean {
  const fieldSeconds = 1001 / 60_000;
  const fields = times.slice(1).map((time, n) => (time - (times[n] ?? time)) / fieldSeconds);
  const isAbout = (count: number, wanted: number) => Math.abs(count - wanted) < 0.2;
  const inTurn = fields.slice(1).filter((count, n) => {
    const before = fields[n] ?? 0;
    return (isAbout(before, 2) && isAbout(count, 3)) || (isAbout(before, 3) && isAbout(count, 2));
  });
  return fields.length > 10 && inTurn.length >= 0.9 * (fields.length - 1);
}

function toNumber({ num, den }: Fraction): number {
  return num / den;
}
