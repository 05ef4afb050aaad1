import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsWanted } from '../../../worker/src/film/check-length.ts';
import { choosePart, helpersWanted, isContested, partsMissing } from '../../../worker/src/film/choose.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { inHand, manyParts, recordOf, seenHand } from '../../helpers/crews.ts';
import { audioPart, videoParts } from '../../helpers/plans.ts';

const plan = manyParts();
const pictures = videoParts(plan);
const sound = audioPart(plan);
const at = (index: number) => plan.parts[index] as Part;

const nobody = { records: [], others: [] };
const newcomer = { seat: 0, begun: new Set<number>(), again: [] };

const someParts = fc.uniqueArray(fc.constantFrom(...plan.parts));
const someHands = fc.array(
  fc
    .record({ parts: someParts, fresh: fc.boolean(), atWork: fc.boolean() })
    .map(({ parts, ...rest }) => seenHand({ ...rest, parts: inHand(...parts) })),
  { maxLength: 4 },
);
const view = fc.record({
  records: someParts.map((parts) => parts.map((part) => recordOf(part))),
  others: someHands,
});
const chooser = fc.record({
  seat: fc.nat({ max: 20 }),
  begun: someParts.map((parts) => new Set(parts.map(({ index }) => index))),
  again: someParts.map((parts) => parts.map(({ index }) => index)),
});
const kind = fc.constantFrom<Part['kind']>('video', 'audio');

describe('the next part for a worker', () => {
  it('is one of its kind that nobody has: not recorded, in no hand of a worker that lives, not begun by itself', () => {
    fc.assert(
      fc.property(kind, view, chooser, (kind, view, chooser) => {
        const inHand = (hands: typeof view.others) =>
          hands.filter(({ fresh }) => fresh).flatMap(({ parts }) => parts.map(({ part }) => part));
        const taken = new Set([
          ...view.records.map(({ part }) => part),
          ...inHand(view.others.filter(({ atWork }) => atWork)),
          ...chooser.begun,
        ]);
        const open = plan.parts.filter((part) => part.kind === kind && !taken.has(part.index));
        const kept = inHand(view.others.filter(({ atWork }) => !atWork));
        const free = open.filter(({ index }) => !kept.includes(index) || chooser.again.includes(index));
        const part = choosePart(plan, kind, view, chooser);
        if (open.length === 0) expect(part).toBeUndefined();
        // What waits for its own next try is taken when there is nothing else, for that try may never come.
        else expect(free.length > 0 ? free : open).toContain(part);
      }),
    );
  });

  it('is one that failed under its message, as long as that is free', () => {
    fc.assert(
      fc.property(kind, view, chooser, (kind, view, chooser) => {
        const alone = { ...chooser, again: [] };
        const failed = chooser.again.filter((index) => at(index).kind === kind);
        const isFree = (index: number) =>
          !chooser.begun.has(index) &&
          !view.records.some(({ part }) => part === index) &&
          !isContested(at(index), view.others);
        const part = choosePart(plan, kind, view, chooser);
        if (failed.some(isFree)) expect(chooser.again).toContain(part?.index);
        else expect(part).toEqual(choosePart(plan, kind, view, alone));
      }),
    );
  });

  it('is for each seat another at the beginning, while there are enough', () => {
    const chosen = pictures.map((_, seat) => choosePart(plan, 'video', nobody, { ...newcomer, seat }));
    expect(chosen).toEqual(pictures);
    expect(choosePart(plan, 'video', nobody, { ...newcomer, seat: 99 })).toBe(pictures.at(-1));
  });

  it('is the first that is free once it has begun with one', () => {
    const begun = new Set([at(7).index]);
    expect(choosePart(plan, 'video', nobody, { ...newcomer, seat: 7, begun })).toBe(pictures[0]);
  });

  it('is none where only the other kind is left', () => {
    const allPictures = pictures.map((part) => recordOf(part));
    expect(choosePart(plan, 'video', { records: allPictures, others: [] }, newcomer)).toBeUndefined();
    expect(choosePart(plan, 'audio', { records: allPictures, others: [] }, newcomer)).toBe(sound);
    expect(choosePart(plan, 'audio', { records: [recordOf(sound)], others: [] }, newcomer)).toBeUndefined();
  });

  it('may be what a lost worker had, and not what one that left in trouble keeps for its next try', () => {
    const had = { parts: inHand(at(0)) };
    const first = (others: Parameters<typeof seenHand>[0]) =>
      choosePart(plan, 'video', { records: [], others: [seenHand({ ...had, ...others })] }, newcomer);
    expect(first({ fresh: false })).toBe(at(0));
    expect(first({ fresh: true, atWork: false })).toBe(at(1));
  });
});

describe('what is missing of a film', () => {
  it('is all without records, and nothing with all of them', () => {
    expect(partsMissing(plan, [])).toEqual(plan.parts);
    expect(
      partsMissing(
        plan,
        plan.parts.map((part) => recordOf(part)),
      ),
    ).toEqual([]);
  });

  it('is nothing of the picture behind an early end, whichever of its parts are recorded', () => {
    const film = fc.record({
      endSeconds: fc.double({ min: 0.5, max: 27.4, noNaN: true }),
      recorded: someParts,
    });
    fc.assert(
      fc.property(film, ({ endSeconds, recorded }) => {
        // As a recorder has it: a part that has nothing ends where it begins.
        const records = recorded.map((part) =>
          part.kind === 'audio'
            ? recordOf(part)
            : recordOf(part, Math.max(part.startSeconds, Math.min(part.endSeconds ?? 30, endSeconds))),
        );
        const cut = recorded.some(
          (part) => part.kind === 'video' && (part.endSeconds ?? 0) > endSeconds + 0.1,
        );
        const missing = partsMissing(plan, records);
        for (const part of plan.parts) {
          const isRecorded = recorded.includes(part);
          const hasFilm = part.kind === 'audio' || part.startSeconds < endSeconds;
          if (isRecorded) expect(missing).not.toContain(part);
          else if (hasFilm || !cut) expect(missing).toContain(part);
        }
        const holdsEnd = recorded.some(
          (part) =>
            part.kind === 'video' &&
            part.startSeconds < endSeconds &&
            (part.endSeconds ?? 0) > endSeconds + 0.1,
        );
        if (holdsEnd)
          expect(missing.every((part) => part.kind === 'audio' || part.startSeconds < endSeconds)).toBe(true);
      }),
    );
  });

  it('never is a part that is not wanted', () => {
    const [first, second] = pictures as [Part, Part];
    const short = [recordOf(first), recordOf(second, 2.5)];
    expect(partsWanted(plan, short)).toEqual([first, second, sound]);
    expect(partsMissing(plan, short)).toEqual([sound]);
  });
});

describe('more workers for a film', () => {
  it('are never more than may be, nor than parts of the picture are missing beside this worker’s, nor below none', () => {
    fc.assert(
      fc.property(view, fc.integer({ min: 1, max: 20 }), (view, width) => {
        const wanted = helpersWanted(plan, view, width);
        const missing = partsMissing(plan, view.records).filter(({ kind }) => kind === 'video').length;
        const working = view.others.filter(({ fresh, atWork }) => fresh && atWork).length;
        expect(wanted).toBeGreaterThanOrEqual(0);
        expect(wanted).toBeLessThanOrEqual(width - 1);
        expect(wanted).toBeLessThanOrEqual(Math.max(0, missing - 1));
        if (wanted > 0) expect(wanted + working + 1).toBe(Math.min(width, missing));
      }),
    );
  });

  it('are asked for by the picture alone', () => {
    const allButOne = pictures.slice(1).map((part) => recordOf(part));
    expect(helpersWanted(plan, nobody, 4)).toBe(3);
    expect(helpersWanted(plan, { records: allButOne, others: [] }, 4)).toBe(0);
  });

  it('are fewer by those that work, and not by those that left or are lost', () => {
    const others = [seenHand(), seenHand({ atWork: false }), seenHand({ fresh: false })];
    expect(helpersWanted(plan, { records: [], others }, 4)).toBe(2);
  });
});
