import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import { checkLength, endsEarly } from '../../../worker/src/film/check-length.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import { audioPart, shortPlan, videoParts } from '../../helpers/media/plans.ts';

/** A film of 30 s at 25 frames per second in video parts that end at 12, 24 and 30 s, and one of sound. */
const plan: Plan = shortPlan();
const audioOnly: Plan = { ...plan, video: undefined, parts: [{ ...audioPart(plan), index: 0 }] };

/** One that holds something: a record without segments reports no end. */
const rendition: PartRecord['renditions'][number] = {
  name: '240p',
  codecs: 'avc1.42c01e',
  frames: 25,
  initBytes: 800,
  segments: [{ number: 0, startSeconds: 0, durationSeconds: 1, bytes: 1000 }],
};

function recordsEnding(video: number | undefined, audio: number | undefined, of = plan): PartRecord[] {
  const record = (part: number, endSeconds: number): PartRecord => ({
    version: 1,
    part,
    renditions: [rendition],
    endSeconds,
    sheets: [],
    warnings: [],
    encodeSeconds: 1,
  });
  return [
    ...(video === undefined
      ? []
      : videoParts(of)
          .filter((part) => part.startSeconds <= video)
          .map((part) => record(part.index, Math.min(part.endSeconds ?? video, video)))),
    ...(audio === undefined ? [] : [record(audioPart(of).index, audio)]),
  ];
}

describe('checkLength', () => {
  it('takes no word of a record behind the end, which holds nothing', () => {
    const behind = { ...recordsEnding(30, undefined)[2], renditions: [{ ...rendition, segments: [] }] };
    const records = [...recordsEnding(18, 18), { ...behind, part: 2, endSeconds: 24 } as PartRecord];
    expect(() => checkLength(plan, records, false)).toThrow('ends at 18.00 s');
  });

  it.each([
    ['as long as it says', 30, 30],
    ['a frame shorter', 29.96, 30],
    ['shorter by what headers round', 29.91, 29.95],
    ['longer than it says', 31.2, 31.2],
    ['with sound that ends early', 30, 12],
    ['with sound that goes on', 30, 34],
    ['with a picture that ends a little before the sound', 29.2, 30],
  ])('accepts a film %s', (_, video, audio) => {
    expect(checkLength(plan, recordsEnding(video, audio), false)).toEqual([]);
  });

  it.each([
    ['cut off at 60 %', 18, 18, '18.00'],
    ['cut off shortly before its end', 29.5, 29.6, '29.50'],
    ['whose picture stops while the sound goes on', 20, 30, '20.00'],
    ['whose last part has nothing', 24, 24, '24.00'],
  ])('refuses a film %s and names both durations', (_, video, audio, reached) => {
    const check = () => checkLength(plan, recordsEnding(video, audio), false);
    expect(check).toThrow(RefusedError);
    expect(check).toThrow(`The film ends at ${reached} s; its header says 30.00 s.`);
  });

  it('accepts a short film with a warning where the settings say so', () => {
    expect(checkLength(plan, recordsEnding(18, 18), true)).toEqual([
      'The film ends at 18.00 s; its header says 30.00 s.',
    ]);
  });

  it('checks a film without picture by its sound', () => {
    expect(checkLength(audioOnly, recordsEnding(undefined, 29.95, audioOnly), false)).toEqual([]);
    expect(() => checkLength(audioOnly, recordsEnding(undefined, 20, audioOnly), false)).toThrow(
      'The film ends at 20.00 s; its header says 30.00 s.',
    );
  });

  it.each([true, false])(
    'refuses a film with nothing in it, whatever the settings say (%s)',
    (allowShort) => {
      expect(() => checkLength(plan, recordsEnding(0, 0), allowShort)).toThrow(
        expect.objectContaining({ code: 'no-frames' }),
      );
      expect(() => checkLength(plan, [], allowShort)).toThrow('nothing that can be decoded');
    },
  );
});

describe('endsEarly', () => {
  const [first, , last] = videoParts(plan);
  it.each([
    [12, false],
    [11.96, false],
    [11.5, true],
    [0, true],
  ])('says whether a part to 12 s that reached %s s was the last that has frames', (reached, early) => {
    expect(first && endsEarly(plan, first, reached)).toBe(early);
  });

  it('leaves the last part and sound to the check of the whole film', () => {
    expect(last && endsEarly(plan, last, 25)).toBe(false);
    expect(endsEarly(plan, audioPart(plan), 1)).toBe(false);
  });
});
