import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createVoice } from '../../../worker/src/film/voice.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import type { SeenHand } from '../../../worker/src/protocol/hand.ts';
import type { JobState, Progress } from '../../../worker/src/protocol/status.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import { manyParts, seenHand } from '../../helpers/crews.ts';
import { running } from '../../helpers/job-states.ts';

const [first, second] = manyParts().parts as [Part, Part];
const own = { seat: 1, key: 'parts/hand-b.json' };
const percent = (value: number): Progress => ({
  percent: value,
  publishedBytes: 0,
  publishedSegments: 0,
  renditions: [],
});

/** A helper's voice, and what it tells. */
function voiceOf(readStatus: () => Promise<JobState | undefined> = async () => running('a')) {
  const told: (number | undefined)[] = [];
  const sink = {
    transition: () => {},
    progress: (state: JobState) => void told.push(state.progress?.percent),
  };
  const job = { id: 'a', source: 'a.mp4', requestId: 'r' };
  const report = createReporter({ sinks: [sink], intervalMs: 10 }).join(job, running('a'));
  const voice = createVoice({ report, isShared: true, readStatus });
  const hear = async (...others: SeenHand[]) => {
    voice.heard({ records: [], others }, own);
    await sleep(0);
  };
  return { voice, report, told, hear };
}

describe('of a film’s workers', () => {
  it.each<[string, SeenHand[], boolean]>([
    ['alone', [], true],
    ['beside one of a higher seat', [seenHand({ seat: 2 })], true],
    ['beside one of a lower seat', [seenHand({ seat: 0 })], false],
    ['beside one of a lower seat that is lost', [seenHand({ seat: 0, fresh: false })], true],
    ['beside one of a lower seat that has left', [seenHand({ seat: 0, atWork: false })], true],
    ['of one seat with another whose name comes later', [seenHand({ key: 'parts/hand-c.json' })], true],
    ['of one seat with another whose name comes first', [seenHand({ key: 'parts/hand-a.json' })], false],
    ['beside several, one of them of a lower seat', [seenHand({ seat: 2 }), seenHand({ seat: 0 })], false],
  ])('one %s with a part in hand speaks: %#', async (_, others, speaks) => {
    const { voice, report, hear } = voiceOf();
    voice.begun(first);
    await hear(...others);
    expect(report.speaks()).toBe(speaks);
  });

  it('none speaks that has nothing in hand, or only what is recorded', async () => {
    const { voice, report, hear } = voiceOf();
    await hear();
    expect(report.speaks()).toBe(false);
    expect(voice.begun(undefined)).toBeUndefined();
    expect(report.speaks()).toBe(false);
    for (const part of [first, second]) expect(voice.begun(part)).toBe(part);
    await sleep(0);
    expect(report.speaks()).toBe(true);
    await voice.recording(first);
    expect(report.speaks()).toBe(true);
    await voice.recording(second);
    expect(report.speaks()).toBe(false);
  });

  it('one that hears of another before it is quiet', async () => {
    const { voice, report, hear } = voiceOf();
    voice.begun(first);
    await hear();
    await hear(seenHand({ seat: 0 }));
    expect(report.speaks()).toBe(false);
  });

  it('one that takes over does not take back what was told', async () => {
    const { voice, report, told, hear } = voiceOf(async () => ({ ...running('a'), progress: percent(60) }));
    voice.begun(first);
    await hear(seenHand({ seat: 0 }));
    report.update({ progress: percent(40) });
    await hear();
    report.update({ progress: percent(41) });
    await sleep(30);
    report.update({ progress: percent(61) });
    await sleep(30);
    expect(told).toEqual([60, 61]);
  });

  it('one that takes over is quiet until it knows what was told, also when it begins a part meanwhile', async () => {
    const answer = Promise.withResolvers<JobState>();
    const { voice, report, told, hear } = voiceOf(() => answer.promise);
    voice.begun(first);
    await hear();
    voice.begun(second);
    report.update({ progress: percent(40) });
    await sleep(30);
    expect(told).toEqual([]);
    answer.resolve({ ...running('a'), progress: percent(60) });
    await sleep(0);
    report.update({ progress: percent(41) });
    await sleep(30);
    expect(told).toEqual([60]);
  });

  it('one that took over and heard of another meanwhile stays quiet', async () => {
    const answer = Promise.withResolvers<JobState>();
    const { voice, report, hear } = voiceOf(() => answer.promise);
    voice.begun(first);
    await hear();
    await hear(seenHand({ seat: 0 }));
    answer.resolve(running('a'));
    await sleep(0);
    expect(report.speaks()).toBe(false);
  });
});

it('a worker that makes a film by itself has its report’s own voice', async () => {
  const report = createReporter({ sinks: [] }).open(
    { id: 'a', source: 'a.mp4', requestId: 'r' },
    { attempt: 1, maxAttempts: 3, queuedAt: new Date() },
  );
  const voice = createVoice({ report, isShared: false, readStatus: async () => undefined });
  expect(voice.begun(first)).toBe(first);
  await voice.recording(first);
  expect(report.speaks()).toBe(true);
});
