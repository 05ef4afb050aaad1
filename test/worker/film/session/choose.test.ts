import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePart, partsToRequest } from '../../../../worker/src/film/session/choose.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { audioPart, shortPlan, videoParts } from '../../../helpers/media/plans.ts';
import { manyParts, viewOf } from '../../../helpers/worker/film-sessions.ts';

const plan = manyParts();
const videos = videoParts(plan);
const audio = audioPart(plan);
const indexes = plan.parts.map(({ index }) => index);
const newcomer = {
  begun: new Set<number>(),
  kept: new Set<number>(),
  taken: new Set<number>(),
  random: () => 0,
};

const someParts = fc.uniqueArray(fc.constantFrom(...indexes));
const someLeases = fc.dictionary(fc.constantFrom(...indexes.map(String)), fc.boolean());
const view = fc
  .record({
    recorded: someParts,
    leases: someLeases,
    endsIn: fc.option(fc.nat({ max: 14 }), { nil: undefined }),
  })
  .map((film) => viewOf(film));
const chooser = fc.record({
  begun: someParts.map((parts) => new Set(parts)),
  kept: someParts.map((parts) => new Set(parts)),
  taken: someParts.map((parts) => new Set(parts)),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
});
const kind = fc.constantFrom<Part['kind']>('video', 'audio');

describe('the next part for a worker', () => {
  it('is one of its kind without a record and without a live lease, and there is one while any is free', () => {
    fc.assert(
      fc.property(kind, view, chooser, (kind, view, chooser) => {
        const open = plan.parts.filter(
          (part) =>
            part.kind === kind &&
            !view.recorded.has(part.index) &&
            !chooser.begun.has(part.index) &&
            !chooser.taken.has(part.index) &&
            (chooser.kept.has(part.index) || !view.leases.get(part.index)?.isLive) &&
            (kind === 'audio' || view.endsIn === undefined || part.index <= view.endsIn),
        );
        const choice = choosePart(plan, kind, view, chooser);
        if (open.length === 0) expect(choice).toBeUndefined();
        else expect(open).toContain(choice?.part);
        expect(choice?.staleEtag).toBe(choice && view.leases.get(choice.part.index)?.etag);
      }),
    );
  });

  it('is the first one while the parts of the next two minutes of a film that is played early are not begun', () => {
    const long = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 2 } });
    const stretched = {
      ...long,
      parts: long.parts.map((part) =>
        part.kind === 'video' ? { ...part, startSeconds: part.startSeconds * 15 } : part,
      ),
    };
    // Forty live leases elsewhere, so that otherwise one of several parts is chosen.
    const busy = viewOf({
      leases: Object.fromEntries([5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((n) => [n, true])),
    });
    const wide = { ...busy, leases: new Map([...busy.leases]) };
    const last = { ...newcomer, random: () => 0.999 };
    expect(choosePart(stretched, 'video', wide, { ...last, inOrder: true })?.part.index).toBe(0);
    const ahead = viewOf({ leases: { 0: true, 1: true, 2: true, 3: true } });
    expect(choosePart(stretched, 'video', ahead, { ...last, inOrder: true })?.part.index).toBe(4);
  });

  it('is of the audio only when its loudness is measured, where that is to be changed', () => {
    const measured = shortPlan({ encoding: { loudness: -16 } });
    const [measuring] = measured.parts.filter((part) => part.kind === 'loudness');
    if (measuring === undefined) throw new Error('This film was to be measured.');
    const next = (kind: Part['kind'], recorded: number[]) =>
      choosePart(measured, kind, viewOf({ recorded }), newcomer)?.part;
    expect(next('audio', [])).toBeUndefined();
    expect(next('video', [])?.index).toBe(0);
    expect(next('loudness', [])).toBe(measuring);
    expect(next('audio', [measuring.index])).toEqual(audioPart(measured));
    const requested = partsToRequest(measured, viewOf({}), 100, ['audio', 'video']);
    expect(requested.map(({ kind }) => kind)).not.toContain('audio');
  });

  it('is the first that is free, for one of few workers', () => {
    const film = viewOf({ recorded: [0], leases: { 1: true, 2: false } });
    const choice = choosePart(plan, 'video', film, { ...newcomer, random: () => 0.99 });
    expect(choice).toEqual({ part: videos[2], staleEtag: '"2"' });
  });

  it('is one of the first few where many workers may look at the same moment', () => {
    const large = {
      ...plan,
      parts: Array.from({ length: 100 }, (_, index) => ({ ...videos[0], index }) as Part),
    };
    const leases = Object.fromEntries(Array.from({ length: 48 }, (_, index) => [index, true]));
    const chosen = [0, 0.3, 0.6, 0.9].map(
      (value) =>
        choosePart(large, 'video', viewOf({ leases }), { ...newcomer, random: () => value })?.part.index,
    );
    expect(chosen).toEqual([48, 49, 50, 51]);
  });

  it('is one that failed under its message, while that is free', () => {
    const film = viewOf({ leases: { 7: true } });
    const choice = choosePart(plan, 'video', film, { ...newcomer, kept: new Set([7]) });
    expect(choice).toEqual({ part: videos[7], staleEtag: '"7"' });
  });

  it('is no video part after the one in which the film ends, and still the audio', () => {
    const film = viewOf({ recorded: [0, 1, 2, 3], endsIn: 3 });
    expect(choosePart(plan, 'video', film, newcomer)).toBeUndefined();
    expect(choosePart(plan, 'audio', film, newcomer)?.part).toBe(audio);
  });
});

describe('the part requests of a film', () => {
  it('name different video parts that are free, never more than there may be workers', () => {
    fc.assert(
      fc.property(view, fc.integer({ min: 1, max: 20 }), (view, width) => {
        const parts = partsToRequest(plan, view, width);
        expect(new Set(parts).size).toBe(parts.length);
        expect(parts.length).toBeLessThanOrEqual(width - 1);
        for (const { kind, index } of parts) {
          expect(kind).toBe('video');
          expect(view.recorded.has(index)).toBe(false);
          expect(view.leases.get(index)?.isLive).not.toBe(true);
        }
      }),
    );
  });

  it('leave the first free part to the worker that asks', () => {
    expect(partsToRequest(plan, viewOf({}), 4)).toEqual(videos.slice(1, 4));
    expect(partsToRequest(plan, viewOf({ recorded: [0, 1] }), 3)).toEqual(videos.slice(3, 5));
  });

  it('are fewer by the parts that others are making', () => {
    const film = viewOf({ leases: { 1: true, 2: false } });
    expect(partsToRequest(plan, film, 4)).toEqual([videos[2], videos[3]]);
  });

  it('name the audio behind the picture where each part is a call of a function', () => {
    const kinds = ['video', 'audio'] as const;
    const sounds = Array.from({ length: 3 }, (_, n): Part => ({ ...audio, index: videos.length + n }));
    const cut = { ...plan, parts: [...videos, ...sounds] };
    expect(partsToRequest(cut, viewOf({}), 100, kinds)).toEqual([...videos.slice(1), ...sounds.slice(1)]);
    expect(partsToRequest(cut, viewOf({}), videos.length + 1, kinds)).toEqual([
      ...videos.slice(1),
      sounds[1],
    ]);
    expect(partsToRequest(cut, viewOf({}), 100)).toEqual(videos.slice(1));
  });

  it('are none for the last part, nor for audio', () => {
    expect(partsToRequest(plan, viewOf({ recorded: videos.slice(1).map(({ index }) => index) }), 4)).toEqual(
      [],
    );
    expect(partsToRequest(plan, viewOf({ recorded: videos.map(({ index }) => index) }), 4)).toEqual([]);
  });
});
