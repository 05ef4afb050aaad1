import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../worker/src/errors.ts';
import { readStop, Stops, writeStop } from '../../../worker/src/job/stop.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { Stop } from '../../../worker/src/protocol/stop.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { slowStore } from '../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { startStorage } from '../../helpers/worker/storage.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

const prefix = 'films/';
const lookSeconds = 0.2;
const signal = new AbortController().signal;
/** Entered the queue before any stop of these tests, and long after it. */
const at = new Date(Date.now() - 60_000);
const afterwards = () => new Date(Date.now() + 2000);
const later = (ms: number) => new Date(at.getTime() + ms);
const cancelled = { code: 'cancelled', message: 'Cancelled by its owner.' };
const written = (): Stop => ({ ...cancelled, at: new Date().toISOString() });
const failed = { code: 'trouble', message: 'A part can’t be made.', keepParts: true };

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const write = (stop: Stop = written()) => writeStop(files.store, prefix, 'a', stop, signal);
const read = (queuedAt: Date) => readStop(files.store, prefix, 'a', queuedAt, signal);
const open = (store = files.store) => new Stops(store, prefix, lookSeconds, recordingLogger().log);
const putText = (text: string) =>
  files.store.put(new JobFolder(prefix, 'a').stop, text, {
    contentType: 'text/plain',
    cacheControl: 'no-cache',
  });

describe('a stop', () => {
  it('lies beside the job’s state', async () => {
    await write();
    expect(await files.keys()).toEqual(['films/a/stop.json']);
  });

  it('holds for what entered the queue before it, at the same moment too, and not for what came after', async () => {
    await write();
    expect(await read(later(-60_000))).toMatchObject(cancelled);
    expect(await read(at)).toMatchObject(cancelled);
    expect(await read(afterwards())).toBeUndefined();
  });

  it.each([-600, 600])(
    'counts from when storage has it, though the clock of who wrote it is %i s off',
    async (off) => {
      await write({ ...written(), at: new Date(Date.now() + off * 1000).toISOString() });
      expect(await read(new Date(Date.now() - 5000))).toMatchObject(cancelled);
      expect(await read(afterwards())).toBeUndefined();
    },
  );

  it('of one job says nothing of another', async () => {
    await write();
    expect(await readStop(files.store, prefix, 'ab', at, signal)).toBeUndefined();
  });

  it.each(['', 'stop!', '[]', '{"code":"cancelled"}', '{"code":"c","message":"m","at":"yesterday"}'])(
    'that can’t be read is none: %s',
    async (text) => {
      await putText(text);
      expect(await read(at)).toBeUndefined();
    },
  );

  it('is none where storage does not answer: the work begins, and the watch will report', async () => {
    const storage = await startStorage();
    const store = openStore(storage.bucket('films'), { retrySeconds: 60 });
    await storage[Symbol.asyncDispose]();
    const before = performance.now();
    expect(await open(store).read('a', at)).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(5000);
    store.close();
  });
});

describe('a watch', () => {
  it('stops the work soon after a stop was written, and says which', async () => {
    const watch = open().watch('a', at, signal);
    await sleep(lookSeconds * 1500);
    expect(watch.signal.aborted).toBe(false);
    await write();
    await sleep(lookSeconds * 1000 + 200);
    expect(watch.signal.reason).toEqual(new InterruptedError('Cancelled by its owner.'));
    expect(watch.stopped()).toMatchObject(cancelled);
    watch.end();
  });

  it('does not stop what was queued after the stop', async () => {
    await write();
    const watch = open().watch('a', afterwards(), signal);
    await sleep(lookSeconds * 1500);
    expect(watch.signal.aborted).toBe(false);
    expect(watch.stopped()).toBeUndefined();
    watch.end();
  });

  it('looks no more once it has ended', async () => {
    const watch = open().watch('a', at, signal);
    watch.end();
    await write();
    await sleep(lookSeconds * 2000);
    expect(watch.signal.aborted).toBe(false);
  });

  it('ends the work with the signal of the work, too', () => {
    const work = new AbortController();
    const watch = open().watch('a', at, work.signal);
    work.abort(new InterruptedError('The worker was asked to stop.'));
    expect(watch.signal.reason).toBe(work.signal.reason);
    expect(watch.stopped()).toBeUndefined();
    watch.end();
  });

  it('outlives that storage does not answer for a while', async () => {
    let isDown = true;
    const { store } = files;
    const get = store.get.bind(store);
    store.get = async (...given) => {
      if (isDown) throw new Error('no route to host');
      return get(...given);
    };
    await write();
    const watch = open().watch('a', at, signal);
    await sleep(lookSeconds * 1500);
    isDown = false;
    await sleep(lookSeconds * 1000 + 200);
    expect(watch.stopped()).toMatchObject(cancelled);
    watch.end();
  });
});

describe('whoever fails first stops the others', () => {
  it('by a stop that holds from now on', async () => {
    expect(await open().claim('a', at, failed)).toBeUndefined();
    const now = Date.now();
    const stop = await read(new Date(now - 5000));
    expect(stop).toMatchObject(failed);
    expect(Date.parse(stop?.at ?? '')).toBeGreaterThan(now - 5000);
  });

  it('one wins of several that fail at the same moment, and its reason stays', async () => {
    const reasons = [1, 2, 3, 4].map((n) => ({ ...failed, message: `Part ${n} can’t be made.` }));
    const claims = await Promise.all(reasons.map((reason) => open().claim('a', at, reason)));
    const winners = reasons.filter((_, index) => claims[index] === undefined);
    expect(winners).toHaveLength(1);
    expect(await read(at)).toMatchObject(winners[0] as object);
  });

  it('and not where the job is stopped already: that stop stays', async () => {
    await write();
    expect(await open().claim('a', at, failed)).toMatchObject(cancelled);
    expect(await read(at)).toMatchObject(cancelled);
  });

  it('over a stop that does not hold for it any more', async () => {
    await write();
    // Sent in the second after that of the stop.
    const queuedAt = new Date(Math.ceil((Date.now() + 1) / 1000) * 1000);
    await sleep(queuedAt.getTime() - Date.now());
    expect(await open().claim('a', queuedAt, failed)).toBeUndefined();
    expect(await read(at)).toMatchObject(failed);
  });

  it('holds also where it cannot be written: the others then only go on longer', async () => {
    const { store } = files;
    store.putIf = async () => {
      throw new Error('no room');
    };
    expect(await open().claim('a', at, failed)).toBeUndefined();
    expect(await read(at)).toBeUndefined();
  });

  it('is one where another writes its stop late, on a busy machine or network', async () => {
    const { store } = files;
    const late = slowStore(store, () => sleep(900));
    const claims = await Promise.all([open(), open(late)].map((stops) => stops.claim('a', at, failed)));
    expect(claims.filter((others) => others === undefined)).toHaveLength(1);
  });
});

describe('a job that is sent again', () => {
  const later = new Date(Date.now() - 1000);
  const before = new Date(later.getTime() - 1);

  it('ends what was asked for before it, and not itself', async () => {
    expect(await open().hasSuperseded('a', later)).toBe(false);
    await open().supersede('a', later);
    expect(await open().hasSuperseded('a', later)).toBe(true);
    expect(await open().hasSuperseded('a', before)).toBe(false);
    expect(await read(before)).toMatchObject({ code: 'superseded' });
    expect(await read(later)).toBeUndefined();
    const watch = open().watch('a', before, signal);
    await sleep(lookSeconds * 1000);
    expect(watch.stopped()).toMatchObject({ code: 'superseded' });
    watch.end();
  });

  it('and once more, ends that too; an older one changes nothing', async () => {
    await open().supersede('a', before);
    await open().supersede('a', later);
    await open().supersede('a', before);
    expect(await read(before)).toMatchObject({ code: 'superseded' });
    expect(await read(later)).toBeUndefined();
  });

  it('does not take back that it was cancelled', async () => {
    await write();
    await open().supersede('a', later);
    expect(await read(later)).toMatchObject(cancelled);
  });

  it('can be cancelled, and with it what was asked for before', async () => {
    await open().supersede('a', later);
    await write();
    expect(await read(later)).toMatchObject(cancelled);
    expect(await read(before)).toMatchObject(cancelled);
  });
});

describe('what a stopped plan has published', () => {
  it('is removed, and nothing else', async () => {
    const [kept, gone] = [
      ['films/a/bbbbbbbbbbbb/parts/0000.json', 'films/a/status.json', 'films/a/stop.json'],
      ['films/a/aaaaaaaaaaaa/parts/0000.json', 'films/a/aaaaaaaaaaaa/plan.json'],
    ];
    await files.fill([...kept, ...gone]);
    await open().cleanUp('a', undefined);
    expect(await files.keys()).toHaveLength(5);
    await open().cleanUp('a', 'aaaaaaaaaaaa');
    expect(await files.keys()).toEqual(kept);
  });
});
