import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { ffprobe } from '../helpers/media/clips.ts';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { patternCorners } from '../helpers/media/pattern.ts';
import { type SharedFilm, startSharedFilm } from '../helpers/media/shared-film.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { openPlayerPage, type PlayerPage } from './player-page.ts';

/** Five parts of the picture, two segments each, and the sound; the last seam has a short part behind it. */
const source = 'films/seams.mp4';
const film = { size: [640, 360] as [number, number], frames: 475, segments: 10, audioSeconds: [19] };
/** The smaller rung is kept small: one that saves nothing would not be named. */
const ladder = [{ rung: '360p' as const }, { rung: '240p' as const, bitrate: 60_000 }];
const partSeconds = 4;
const seams = [4, 8, 12, 16];
const frameRate = 25;

let faults: FaultFarm;
let shared: SharedFilm;
let state: JobState;
let alone: JobState;
let portal: LocalPortal;
let browser: Browser;
let page: PlayerPage;

/** The film made by three workers, and once more by one. */
beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '3', PART_SECONDS: String(partSeconds) },
    { encodeSeconds: 0.5, visibilityTimeoutSeconds: 6 },
  );
  const path = join(faults.folder, 'seams.mp4');
  await makeCountedFilm(path, { size: film.size, seconds: film.frames / frameRate });
  await faults.farm.put(source, path);
  shared = await startSharedFilm(faults, { source, options: { ladder } });
  state = await expectFilm(faults, shared.id, { film });
  alone = await expectFilm(faults, await faults.send({ source, options: { ladder, workersPerFilm: 1 } }), {
    film,
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await faults[Symbol.asyncDispose]();
});

describe('a film that three workers made', () => {
  it('has seams between parts of different workers', () => {
    const makers = partsOf(shared);
    expect(makers.flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(makers.filter((parts) => parts.length > 0).length).toBe(3);
    const makerOf = (part: number) => makers.findIndex((parts) => parts.includes(part));
    expect(seams.filter((_, n) => makerOf(n) !== makerOf(n + 1)).length).toBeGreaterThan(0);
  });

  it('has the timestamps of the film that one worker makes, a frame after a frame', async () => {
    const renditions = state.film?.renditions ?? [];
    expect(renditions.map(({ name }) => name)).toEqual(['360p', '240p', 'audio-0']);
    for (const { name, kind } of renditions) {
      const { packets, ticksPerSecond } = await readPackets(state, name);
      expect(packets, name).toEqual((await readPackets(alone, name)).packets);
      const step = kind === 'video' ? ticksPerSecond / frameRate : 1024;
      const shown = packets.map(({ pts }) => pts).sort((a, b) => a - b);
      expect(shown, name).toEqual(shown.map((_, n) => (shown[0] ?? 0) + n * step));
    }
  });
});

describe('in Chromium', () => {
  beforeAll(async () => {
    portal = await startPortal(faults.farm);
    browser = await startBrowser();
    page = await openPlayerPage(browser, portal.shareUrl(shared.id), 1 / frameRate);
  });

  it.each([
    { seam: 4, before: 360, after: 360 },
    { seam: 8, before: 360, after: 240 },
    { seam: 12, before: 240, after: 360 },
    { seam: 16, before: 240, after: 240 },
  ])('it plays over the seam at $seam s, from $before to $after lines', async ({ seam, before, after }) => {
    await page.readFrom(seam - 1, before);
    await page.buffered(seam - 1, seam + 2);
    await page.goOnWith(after);
    await page.buffered(seam - 1, seam + 2);
    const { frames, longestHaltSeconds } = await page.playTo(seam + 2);
    expect(await page.troubles()).toEqual([]);
    expect(longestHaltSeconds).toBeLessThan(1);

    // A busy machine leaves frames out and looks late, but each is shown in its time.
    const times = frames.map(({ seconds }) => seconds);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { seconds, look } of frames)
      expect(Math.abs((look.number ?? -99) - seconds * frameRate), `at ${seconds} s`).toBeLessThan(2);
    expect(times.some((seconds) => seconds > seam - 0.5 && seconds < seam)).toBe(true);
    expect(times.some((seconds) => seconds >= seam && seconds < seam + 0.5)).toBe(true);

    // Frame by frame nothing is left out.
    for (let number = seam * frameRate - 3; number < seam * frameRate + 3; number += 1) {
      const { look, lines } = await page.frameAt((number + 0.5) / frameRate);
      expect(look, `frame ${number}`).toEqual({ number, corners: patternCorners });
      expect(lines, `lines of frame ${number}`).toBe(number < seam * frameRate ? before : after);
    }
    expect(await page.troubles()).toEqual([]);
  });
});

/** What each of the workers made, as their logs say. */
function partsOf({ id, lead, helpers }: SharedFilm): unknown[][] {
  return [lead, ...helpers].map(({ log }) =>
    logLines(log).flatMap(({ job, msg, part }) => (job === id && msg === 'part recorded' ? [part] : [])),
  );
}

/** Times of all packets of a rendition, which ffprobe reads from its playlist as a player does. */
async function readPackets({ id, film: made }: JobState, rendition: string) {
  const playlist = join(faults.folder, 'published', id, made?.plan ?? '', rendition, 'index.m3u8');
  const entries = 'packet=pts,dts,duration:stream=time_base';
  const { packets, streams } = await ffprobe<{
    packets: { pts: number; dts: number; duration: number }[];
    streams: { time_base: string }[];
  }>('-show_entries', entries, playlist);
  const [, ticks] = streams[0]?.time_base.split('/') ?? [];
  return { packets, ticksPerSecond: Number(ticks) };
}
