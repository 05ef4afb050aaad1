import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EarlyPlay, openEarlyPlay } from '../../../../worker/src/film/early/early-play.ts';
import type { PlannedFilm, TranscodeRun } from '../../../../worker/src/film/film.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { headersFor } from '../../../../worker/src/protocol/content-types.ts';
import type { JobState, Progress } from '../../../../worker/src/protocol/status.ts';
import { StorageError } from '../../../../worker/src/storage/errors.ts';
import { running } from '../../../helpers/reports/job-states.ts';
import { until } from '../../../helpers/until.ts';
import {
  folder,
  type Member,
  type MemberOptions,
  manyParts,
  openMember,
  record,
} from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { testSettings } from '../../../helpers/worker/settings.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const plan = manyParts();
const percent = (value: number): Progress => ({
  percent: value,
  publishedBytes: 0,
  publishedSegments: 0,
  renditions: [],
});
const frames = (count: number) => ({
  frames: count,
  framesPerSecond: 50,
  outSeconds: count / 25,
  ended: false,
});

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const open = (options: MemberOptions = {}) => openMember(plan, files.store, options);
async function begin({ session }: Member): Promise<Part> {
  await session.enter();
  return (await session.next('video')) as Part;
}

describe('of a film’s workers', () => {
  it('the first with a part reports, and no other while it lives', async () => {
    await using one = open();
    await using other = open();
    expect(one.report.reporting()).toBe('silent');
    await begin(one);
    await begin(other);
    expect([one, other].map(({ report }) => report.reporting())).toEqual(['reporting', 'silent']);
  });

  it('the next to look reports when the reporter was killed', async () => {
    const lost = open({ leaseSeconds: 1 });
    await using other = open({ leaseSeconds: 1 });
    await begin(lost);
    const part = await begin(other);
    lost.kill();
    await sleep(2100);
    await record(other, part);
    await other.session.next('video');
    expect(other.report.reporting()).toBe('reporting');
  });

  it('none reports that has only what is recorded: it falls silent before its last record, and frees the lease', async () => {
    await using one = open();
    const [first, second] = [await begin(one), await begin(one)];
    await record(one, first);
    expect(one.report.reporting()).toBe('reporting');
    await record(one, second);
    expect(one.report.reporting()).toBe('silent');
    expect(await files.keys()).not.toContain(folder.statusLease);
  });

  /** A storage that refuses all writes of a key. */
  const refusing = (refused: (key: string) => boolean, error: Error) =>
    new Proxy(files.store, {
      get: (store, name: keyof TestStore['store']) => {
        const value = store[name];
        if (typeof value !== 'function') return value;
        const call = (value as (...args: unknown[]) => unknown).bind(store);
        return name === 'putIf'
          ? (key: string, ...rest: unknown[]) => (refused(key) ? Promise.reject(error) : call(key, ...rest))
          : call;
      },
    });

  it('one whose status lease is refused by storage goes on with its part, and another reports', async () => {
    const limited = refusing((key) => key === folder.statusLease, new Error('Storage says no.'));
    await using one = openMember(plan, limited);
    await using other = open();
    const part = await begin(one);
    await begin(other);
    expect([one, other].map(({ report }) => report.reporting())).toEqual(['silent', 'reporting']);
    await record(one, part);
  });

  it('one that storage holds back from the first part, as too many write its lease, takes another', async () => {
    const error = new StorageError('Reduce your rate of requests for this key.', {
      ...{ bucket: 'films', key: folder.partLease(0), status: 429 },
      cause: undefined,
    });
    await using one = openMember(
      plan,
      refusing((key) => key === folder.partLease(0), error),
    );
    expect((await begin(one)).index).toBe(1);
  });

  it('one that takes over does not take back what was reported', async () => {
    const readStatus = async (): Promise<JobState> => ({ ...running('job'), progress: percent(60) });
    await using one = open({ readStatus });
    await begin(one);
    one.report.update({ progress: percent(41) });
    await until(() => one.reported.length > 0, 'a report');
    one.report.update({ progress: percent(61) });
    await until(() => one.reported.includes(61), 'the next report');
    expect(new Set(one.reported)).toEqual(new Set([60, 61]));
  });
});

describe('the reporter', () => {
  it('counts what others have recorded, and how far their parts are', async () => {
    await using one = open({ leaseSeconds: 2 });
    await using other = open({ leaseSeconds: 2 });
    await begin(one);
    const theirs = await begin(other);
    const next = (await other.session.next('video')) as Part;
    await record(other, theirs);
    other.progress.onProgress(next, frames(25));
    other.progress.onPublished(next, 500);
    // Two of thirty seconds are recorded, one more is made: 9.5 % of the video.
    await until(() => one.reported.includes(9.5), 'the others’ progress');
    expect(one.progress.now()).toMatchObject({
      publishedBytes: 500,
      publishedSegments: 1,
      framesPerSecond: 50,
    });
  });

  /** A worker on a film that is played early; its playlists are another's to write. */
  function openEarly(): Member {
    let early: EarlyPlay | undefined;
    const announce = async () => early?.announce();
    const member = open({ leaseSeconds: 1, early: { made: { of: () => [] }, announce } });
    const run: Partial<TranscodeRun> = {
      settings: testSettings({ EARLY_PLAY: 'true', OUTPUT_PUBLIC_URL: 'https://films.example/' }),
      stores: { source: files.store, output: files.store } as unknown as TranscodeRun['stores'],
      report: member.report,
      log: recordingLogger().log,
      signal: new AbortController().signal,
    };
    early = openEarlyPlay({ job: { id: 'job' }, plan } as PlannedFilm, folder, run as TranscodeRun);
    return member;
  }

  it('says that the film can be played as soon as another worker has written its playlists, and no one else does', async () => {
    await using one = openEarly();
    await using other = openEarly();
    await begin(one);
    await begin(other);
    await until(() => one.reported.length > 1, 'two looks');
    expect(one.report.state().early).toBeUndefined();
    await files.store.put(folder.earlyStream, '#EXTM3U', headersFor(folder.earlyStream));
    await until(() => one.report.state().early !== undefined, 'early play');
    const playlist = folder.earlyStream;
    expect(one.report.state().early).toMatchObject({ playlist, url: `https://films.example/${playlist}` });
    expect(other.report.state().early).toBeUndefined();
  });
});
