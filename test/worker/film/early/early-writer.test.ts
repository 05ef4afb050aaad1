import type { types } from 'hls-parser';
import * as hls from 'hls-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EarlyWriter } from '../../../../worker/src/film/early/early-writer.ts';
import type { Part, VideoPart } from '../../../../worker/src/plan/plan.ts';
import type { PartRecord } from '../../../../worker/src/protocol/part-record.ts';
import { endEarlyPlay } from '../../../../worker/src/publish/early-end.ts';
import type { Store } from '../../../../worker/src/storage/store.ts';
import { shortPlan } from '../../../helpers/media/plans.ts';
import { until } from '../../../helpers/until.ts';
import { folder, recordOf } from '../../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

/** 30 s in two parts of video and one of audio; segments of 2 s. */
const plan = shortPlan({ encoding: { segmentSeconds: 2, partSeconds: 14 } });
const [first, second] = plan.parts.filter(({ kind }) => kind === 'video') as [VideoPart, VideoPart];
const audio = plan.parts.find(({ kind }) => kind === 'audio') as Part;
const name = plan.video.renditions[0]?.name ?? '';
const signal = new AbortController().signal;

let files: TestStore;
// The writers' time passes only by `pass`: however busy the machine is, the film is made in no time.
beforeEach(async () => {
  files = await startStore();
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await files[Symbol.asyncDispose]();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

/** One worker's writer; `kill` is the end of its process: it says nothing more, and its lease stays where it is. */
function open({ isShared = true, leaseSeconds = 1, onOffered = () => {}, of = plan } = {}) {
  const stop = new AbortController();
  let isKilled = false;
  const output = new Proxy(files.store, {
    get(target, method) {
      const value = Reflect.get(target, method) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        isKilled ? new Promise(() => {}) : (value as (...args: unknown[]) => unknown).apply(target, given);
    },
  }) as Store;
  let playable = 0;
  const owner = `worker-${Math.random()}`;
  const { log, lines } = recordingLogger();
  const writer = new EarlyWriter({
    plan: of,
    folder,
    output,
    owner,
    messageId: owner,
    leaseSeconds,
    onPlayable: () => {
      playable++;
      if (playable === 1) onOffered();
    },
    log,
    signal: stop.signal,
  });
  writer.open(isShared);
  return {
    writer,
    playable: () => until(() => playable > 0, 'the film to be playable'),
    isPlayable: () => playable > 0,
    hasLogged: (message: string) => lines.some(({ msg }) => msg === message),
    kill() {
      isKilled = true;
      stop.abort();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

type Opened = ReturnType<typeof open>;

const segment = (number: number, seconds = 2) => ({
  number,
  startSeconds: number * seconds,
  durationSeconds: seconds,
  bytes: 100,
});
const renditionsOf = (part: Part) => (part.kind === 'audio' ? plan.audio : plan.video.renditions);
const codecsOf = (part: Part) => (part.kind === 'audio' ? 'mp4a.40.2' : 'avc1.64001f');

/** Segments of all renditions of a part are published, the first of them being its own first one. */
function publish({ writer }: Pick<Opened, 'writer'>, part: Part, count: number, seconds?: number): void {
  for (const rendition of renditionsOf(part)) {
    writer.made.add(part, rendition.name, { kind: 'init' });
    for (let n = 0; n < count; n++)
      writer.made.add(part, rendition.name, {
        kind: 'segment',
        codecs: codecsOf(part),
        segment: segment(part.firstSegment + n, seconds),
      });
  }
}

function recordWith(part: Part): PartRecord {
  const segments = [part.firstSegment, ...part.segmentCuts.map((_, n) => part.firstSegment + n + 1)].map(
    (number) => segment(number),
  );
  const renditions = renditionsOf(part).map((rendition) => ({
    ...{ name: rendition.name, codecs: codecsOf(part), frames: 1, initBytes: 1, initSha256: 'a', segments },
  }));
  return { ...recordOf(part), renditions };
}

/** As `make-film.ts` does it. */
async function record({ writer }: Pick<Opened, 'writer'>, part: Part): Promise<void> {
  await writer.recording(part);
  const made = recordWith(part);
  await files.store.put(folder.record(part.index), JSON.stringify(made), {
    contentType: 'application/json',
    cacheControl: 'no-cache',
  });
  writer.recorded(made);
}

async function listed(rendition = name): Promise<types.MediaPlaylist | undefined> {
  const text = await files.store.get(folder.earlyPlaylist(rendition));
  return text && (hls.parse(String(text)) as types.MediaPlaylist);
}
const count = async (rendition?: string) => (await listed(rendition))?.segments.length ?? 0;
/** While the film is played. */
const listedAre = (segments: number) =>
  until(async () => {
    pass(0.5);
    return (await count()) >= segments;
  }, `${segments} segments to be listed`);

describe('the worker that has the lease', () => {
  it('offers the film when picture and audio of its first segments are there, and not before', async () => {
    await using one = open();
    one.writer.begun(first);
    one.writer.begun(audio);
    publish(one, first, 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await files.keys()).not.toContain(folder.earlyStream);
    publish(one, audio, 2);
    await one.playable();
    expect(await count()).toBe(2);
    expect(await count(plan.audio[0]?.name)).toBe(2);
    expect(await files.keys()).toContain(folder.earlyStream);
  });

  it('offers the film though its encoder was slow to start, and not one that is slow', async () => {
    for (const isSlow of [true, false]) {
      await using one = open();
      one.writer.begun(first);
      one.writer.begun(audio);
      publish(one, audio, 2);
      if (isSlow) one.writer.encoded(first, 0.04);
      // Four seconds of film in five.
      pass(5);
      if (!isSlow) one.writer.encoded(first, 0.04);
      publish(one, first, 2);
      if (isSlow) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(one.isPlayable()).toBe(false);
      } else await one.playable();
    }
  });

  it('lists a segment as soon as it may write, though its timer rang a moment too soon', async () => {
    // It may write again after 7.5 s.
    const of = shortPlan({ encoding: { segmentSeconds: 15, partSeconds: 30 } });
    const [video, sound] = ['video', 'audio'].map((kind) => of.parts.find((part) => part.kind === kind));
    const parts = [video, sound] as Part[];
    await using one: Opened = open({
      of,
      onOffered: () => {
        for (const part of parts) publish(one, part, 2, 15);
        pass(7.4995);
      },
    });
    for (const part of parts) {
      one.writer.begun(part);
      publish(one, part, 1, 15);
    }
    await one.playable();
    await new Promise((resolve) => setTimeout(resolve, 200));
    pass(0.001);
    await until(async () => (await count()) === 2, 'the second segment to be listed', 5);
  });

  it('does not count a look that changes no playlist as a write', async () => {
    await using one = open({ onOffered: () => pass(1.6) });
    one.writer.begun(first);
    one.writer.begun(audio);
    publish(one, first, 2);
    publish(one, audio, 2, 1.99);
    await one.playable();
    publish(one, audio, 3, 1.99);
    await new Promise((resolve) => setTimeout(resolve, 200));
    publish(one, first, 3);
    await until(async () => (await count()) === 3, 'the third segment to be listed', 5);
  });

  it('is one of several, and another one goes on when it has recorded its last part', async () => {
    await using one = open();
    await using other = open();
    for (const part of [first, audio]) one.writer.begun(part);
    publish(one, first, 2);
    publish(one, audio, 15);
    await one.playable();
    other.writer.begun(second);
    publish(other, second, 1);
    await record(one, audio);
    await record(one, first);
    // Of the first part all, and of the second one what the worker has that makes it.
    await listedAre(8);
    expect(await count(plan.audio[0]?.name)).toBe(8);
    expect(await files.keys()).toContain(folder.earlyLease);
    await record(other, second);
    expect(await files.keys()).not.toContain(folder.earlyLease);
  });

  it('is replaced when it is killed; what it has listed stays listed, whatever is known of it', async () => {
    const lost = open();
    await using other = open();
    for (const part of [first, audio]) lost.writer.begun(part);
    publish(lost, first, 3);
    publish(lost, audio, 15);
    await lost.playable();
    expect(await count()).toBe(3);
    lost.kill();
    // The first part is made again, and no further than it was; the audio too.
    for (const part of [second, first, audio]) other.writer.begun(part);
    publish(other, audio, 15);
    publish(other, first, 2);
    await until(() => {
      pass(0.05);
      return other.isPlayable();
    }, 'the other one to write');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await count()).toBe(3);
    publish(other, first, 5);
    await listedAre(5);
  });

  it('writes nothing more after the film was published, though it stood still meanwhile', async () => {
    await using one = open({ isShared: false });
    for (const part of [first, audio]) one.writer.begun(part);
    publish(one, first, 2);
    publish(one, audio, 15);
    await one.playable();
    const options = { contentType: 'text/plain', cacheControl: 'no-cache' };
    const published = `#EXTM3U\n#EXTINF:2.000000,\n00000.m4s\n#EXTINF:2.000000,\n00001.m4s\n#EXT-X-ENDLIST\n`;
    const renditions = [...plan.video.renditions, ...plan.audio];
    for (const each of renditions)
      await files.store.put(folder.file(`${each.name}/index.m3u8`), published, options);
    await endEarlyPlay(files.store, folder, { renditions: renditions as never }, signal);
    publish(one, first, 6);
    await until(() => {
      pass(0.1);
      return one.hasLogged('could not write the playlists of early play');
    }, 'it to try');
    expect(await listed()).toMatchObject({ endlist: true });
    expect(await count()).toBe(2);
  });
});

it('of a film that was not offered early nothing is left to be ended', async () => {
  expect(await endEarlyPlay(files.store, folder, { renditions: [] }, signal)).toBe(false);
});
