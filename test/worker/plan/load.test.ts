import { describe, expect, it } from 'vitest';
import { fitsMemory, hasRoom, type Load, loadOf, maxAtOnce } from '../../../worker/src/plan/load.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { VideoEncoder } from '../../../worker/src/plan/plan.ts';
import { withoutVideo } from '../../../worker/src/probe/media.ts';
import { audioStream, film, planRequest, videoStream } from '../../helpers/media/media.ts';

const machine = { cores: 4, memoryMb: 8000 };
const x264: VideoEncoder = { name: 'x264', preset: 'veryfast', threads: 6 };
const nvenc: VideoEncoder = { name: 'nvenc', preset: 'p5' };

function mediaOf(durationSeconds: number, [width, height]: [number, number]) {
  return film({
    durationSeconds,
    video: videoStream({ width, height, frameRate: { num: 30, den: 1 }, durationSeconds }),
    audio: [audioStream({ durationSeconds })],
  });
}

function load(
  durationSeconds: number,
  size: [number, number],
  { encoder = x264, cores = machine.cores }: { encoder?: VideoEncoder; cores?: number } = {},
): Load {
  const plan = makePlan(mediaOf(durationSeconds, size), { ...planRequest(), encoder });
  return loadOf(plan, { ...machine, cores });
}

const times = (count: number, one: Load): Load[] => Array.from({ length: count }, () => one);

/** How many such films a worker takes at once. */
function atOnce(one: Load): number {
  let count = 0;
  while (hasRoom(times(count, one), [])) count += 1;
  return count;
}

describe('one more message', () => {
  it('is taken by a worker that has none', () => {
    expect(hasRoom([], [])).toBe(true);
  });

  it('is not taken beside a film that is not planned yet, where none was planned before', () => {
    expect(hasRoom([undefined], [])).toBe(false);
  });

  it('is taken beside one that is not planned yet where the last films were all short ones', () => {
    const short = load(6, [320, 180]);
    expect(hasRoom([undefined], [short, short])).toBe(true);
    expect(hasRoom([undefined, short, undefined], [short])).toBe(false);
    expect(hasRoom([undefined], [short, load(3600, [1920, 1080])])).toBe(false);
  });

  it('is not taken beside a film that fills the cores', () => {
    expect(atOnce(load(3600, [1920, 1080]))).toBe(1);
    expect(atOnce(load(60, [1280, 720]))).toBe(1);
  });

  it('is taken beside short films, which wait more than they encode', () => {
    expect(atOnce(load(6, [320, 180], { cores: 2 }))).toBe(2);
    expect(atOnce(load(6, [320, 180]))).toBe(3);
    expect(atOnce(load(6, [320, 180], { cores: 64 }))).toBe(maxAtOnce);
  });

  it('is taken beside a long film whose pictures are too small for all cores', () => {
    expect(atOnce(load(3600, [320, 180]))).toBe(1);
    expect(atOnce(load(3600, [320, 180], { cores: 16 }))).toBe(3);
  });

  it('is taken beside a film of audio alone', () => {
    const audio = loadOf(makePlan(withoutVideo(mediaOf(3600, [320, 180])), planRequest()), machine);
    expect(atOnce(audio)).toBe(3);
  });

  it('is taken beside a film on a GPU only where that is done in moments', () => {
    expect(atOnce(load(3600, [1920, 1080], { encoder: nvenc }))).toBe(1);
    expect(atOnce(load(6, [640, 360], { encoder: nvenc }))).toBeGreaterThan(1);
  });
});

describe('a planned film', () => {
  const small = load(6, [320, 180]);
  const large = load(60, [3840, 2160]);

  it('begins alone whatever it takes', () => {
    expect(fitsMemory(large, [], { cores: 1, memoryMb: 512 })).toBe(true);
  });

  it('begins beside others only where the memory is enough for all', () => {
    expect(fitsMemory(small, [small], machine)).toBe(true);
    expect(fitsMemory(large, [small], machine)).toBe(true);
    expect(fitsMemory(large, times(3, large), machine)).toBe(false);
  });

  it('takes more memory with more threads and slower presets, as ffmpeg was seen to do', () => {
    const memory = (encoder: VideoEncoder) => load(60, [1920, 1080], { encoder }).memoryMb;
    expect(memory({ ...x264, threads: 3 })).toSatisfy((mb: number) => mb > 504 && mb < 700);
    expect(memory({ ...x264, threads: 12 })).toSatisfy((mb: number) => mb > 864 && mb < 1100);
    expect(memory({ name: 'x264', preset: 'slow', threads: 12 })).toSatisfy(
      (mb: number) => mb > 1482 && mb < 1800,
    );
  });
});
