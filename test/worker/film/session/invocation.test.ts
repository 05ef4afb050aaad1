import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Invocation, OutOfTimeError } from '../../../../worker/src/film/session/invocation.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

describe('an invocation of 15 minutes', () => {
  const open = () => new Invocation({ secondsLeft: 900, partSeconds: 35 });

  it('asks its work to end 20 s before the deadline, and waits for nothing 6 s before it', async () => {
    const invocation = open();
    await seconds(879);
    expect(invocation.signal.aborted).toBe(false);
    await seconds(2);
    expect(invocation.signal.reason).toBeInstanceOf(OutOfTimeError);
    expect(invocation.giveUp.aborted).toBe(false);
    await seconds(14);
    expect(invocation.giveUp.aborted).toBe(true);
  });

  it('begins no part that would not be done by then, as the parts before it went', async () => {
    const invocation = open();
    invocation.began();
    await seconds(830);
    expect(invocation.mayBegin()).toBe(true);
    invocation.recorded(60);
    expect(invocation.mayBegin()).toBe(false);
  });

  it('takes its own measurement over the estimate, once it has one', async () => {
    const invocation = open();
    invocation.began();
    invocation.recorded(10);
    await seconds(860);
    expect(invocation.mayBegin()).toBe(true);
  });

  it('always tries a first part, as no other invocation has more time', async () => {
    const invocation = open();
    await seconds(870);
    expect(invocation.mayBegin()).toBe(true);
  });

  it('says at its end whether anything was finished', async () => {
    const [idle, busy] = [open(), open()];
    busy.recorded(1);
    await seconds(881);
    expect((idle.signal.reason as OutOfTimeError).hasFinished).toBe(false);
    expect((busy.signal.reason as OutOfTimeError).hasFinished).toBe(true);
  });

  it('asks nothing to end when it has answered', async () => {
    const invocation = open();
    invocation.end();
    await seconds(900);
    expect(invocation.signal.aborted).toBe(false);
  });
});
