import { describe, expect, it } from 'vitest';
import { type DoorRules, decideAtDoor, expectationOf } from '../../../worker/src/film/door.ts';
import { partWorkSeconds, vcpusOf } from '../../../worker/src/plan/function-limits.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import { withoutVideo } from '../../../worker/src/probe/media.ts';
import { audioStream, film, planRequest, videoStream } from '../../helpers/media/media.ts';

const vcpus = vcpusOf(10_240);
const rules: DoorRules = {
  workersEncoder: 'x264',
  budgetSeconds: 240,
  functions: 0,
  workersPerFilm: 3,
  vcpus,
};

function planOf(durationSeconds: number) {
  const media = film({
    durationSeconds,
    video: videoStream({ width: 1920, height: 1080, frameRate: { num: 30, den: 1 }, durationSeconds }),
    audio: [audioStream({ durationSeconds })],
  });
  return makePlan(media, { ...planRequest(), functionLimits: { vcpus } });
}

const trailer = planOf(120);
const match = planOf(7200);

describe('a film at the door', () => {
  it('is made by functions where they need no more than the budget, and wakes no worker', () => {
    expect(decideAtDoor(trailer, rules)).toMatchObject({ kind: 'functions', workers: 0 });
    expect(decideAtDoor(match, { ...rules, functions: 100 })).toMatchObject({
      kind: 'functions',
      workers: 0,
    });
  });

  it('takes as long as its parts do, which are made for functions', () => {
    const alone = decideAtDoor(match, { ...rules, budgetSeconds: Number.POSITIVE_INFINITY });
    const videos = match.parts.filter(({ kind }) => kind === 'video').length;
    const seconds = alone.kind === 'workers' ? 0 : alone.seconds;
    expect(seconds / (videos * partWorkSeconds)).toBeCloseTo(1, 1);
  });

  it('takes no less for functions that find no part', () => {
    const many = decideAtDoor(trailer, { ...rules, functions: 1000 });
    const enough = decideAtDoor(trailer, { ...rules, functions: trailer.parts.length });
    expect(many).toEqual(enough);
  });

  it('is left to the workers where it is too long for one call', () => {
    expect(decideAtDoor(match, rules)).toEqual({ kind: 'workers', workers: 3 });
  });

  it('is made by functions and workers together where they encode alike', () => {
    expect(decideAtDoor(match, { ...rules, functions: 4 })).toMatchObject({ kind: 'both', workers: 3 });
  });

  it('is left to GPUs whole, with as many as its parts of five minutes can use', () => {
    const gpu: DoorRules = { ...rules, workersEncoder: 'nvenc', functions: 4, workersPerFilm: 100 };
    expect(decideAtDoor(match, gpu)).toEqual({ kind: 'workers', workers: 24 });
    expect(decideAtDoor(trailer, { ...gpu, budgetSeconds: 1 })).toEqual({ kind: 'workers', workers: 1 });
  });

  it('is made at once where it has no picture', () => {
    const sound = makePlan(withoutVideo(film({ durationSeconds: 7200 })), planRequest());
    expect(decideAtDoor(sound, rules)).toEqual({ kind: 'functions', seconds: 0, workers: 0 });
  });

  it('is said to take what the decision rests on, and nothing where the workers’ speed is not known', () => {
    const alone = expectationOf(trailer, decideAtDoor(trailer, rules));
    expect(alone).toEqual({ durationSeconds: 120, workers: 0, encodeSeconds: expect.any(Number) });
    expect(expectationOf(match, decideAtDoor(match, rules))).toEqual({ durationSeconds: 7200, workers: 3 });
  });
});
