import { describe, expect, it } from 'vitest';
import { isNewer, nextSequence } from '../../../worker/src/protocol/report.ts';
import { at, running, succeeded } from '../../helpers/reports/job-states.ts';

describe('the sequence number of a job’s reports', () => {
  it('grows with time', () => {
    expect(nextSequence(undefined, at(0))).toBe(at(0).getTime());
    expect(nextSequence(at(0).getTime(), at(5))).toBe(at(5).getTime());
  });

  it('grows by one under a clock that stands still, is behind, or jumps back', () => {
    const ahead = at(600).getTime();
    expect(nextSequence(ahead, at(600))).toBe(ahead + 1);
    expect(nextSequence(ahead, at(0))).toBe(ahead + 1);
  });
});

describe('a report is newer than another of its job', () => {
  const start = { ...running('a'), sequence: 10 };

  it('by its sequence number', () => {
    expect(isNewer({ ...start, sequence: 11 }, start)).toBe(true);
    expect(isNewer(start, start)).toBe(false);
  });

  it('as the end of the same request, whatever the clocks say', () => {
    const end = { ...succeeded('a'), sequence: 3 };
    expect(isNewer(end, start)).toBe(true);
    expect(isNewer(start, end)).toBe(false);
  });

  it('as part of a later request', () => {
    const end = { ...succeeded('a'), sequence: 30 };
    expect(isNewer({ ...start, queuedAt: at(60).toISOString() }, end)).toBe(true);
  });
});
