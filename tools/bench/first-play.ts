import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { WorkerProcess } from '../../cli/local-farm/worker.ts';
import { ensureFfmpegVersion } from '../../scripts/setup/ffmpeg/versions.mjs';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { spreadOf } from './lib/runs.ts';
import { watchJob } from './lib/watched-job.ts';

/** One rendition, so that one machine makes films faster than they play. */
const one = (rung: string): Partial<WorkerEnvironment> => ({
  EARLY_PLAY: 'true',
  LADDER: JSON.stringify([{ rung }]),
});

/** When the page asks, and what else the two cores have to do just then, is worth a tenth: the middle of so many. */
const firstFrames = 3;

/** Just above the slowest at which a film is offered early with something to spare. */
const heldSpeed = 1.3;
/** A long film at this speed, in small: all that matters is counted in segments. */
const heldFilmSeconds = 44;
const heldSegmentSeconds = 2;
/** Segments as they are by default, at a speed at which players get the film with its first one: the next comes as that ends. */
const firstAlone = { speed: 1.4, segmentSeconds: 6, filmSeconds: 36 };
/** Long enough that three workers have not made it when the second of them is killed. */
const survivedFilmSeconds = 120;
const survivedPartSeconds = 4 * heldSegmentSeconds;
/** Before each worker is killed; for the first of them on top of `killedAfterSeconds`. */
const betweenKillsSeconds = 2;
/** Half of it is a worker's lease: with less of the film ahead no one can go on without a wait. */
const survivedVisibilitySeconds = 10;
/** From the first frame on: in the middle of the film, and when players have hardly anything ahead. */
const killedAfterSeconds = { later: 12, atOnce: 2 };
/** At the start of a film: the lease of a lost worker, and what it takes to notice that and to make a segment. */
const longestWaitSeconds = survivedVisibilitySeconds / 2 + 5;

const root = fileURLToPath(new URL('../../', import.meta.url));

export const firstPlay: Bench = {
  what: "time from taking the job to the first frame in Chromium, whose page of the job was open before, in units of one segment's encode time",
  goal: 1.5,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 60, width: 1280, height: 720 }));
    const ratios: number[] = [];
    for (let run = 1; run <= firstFrames; run += 1) ratios.push(await firstFrame(path, log));

    const folder = await mkdtemp(join(tmpdir(), 'first-play-'));
    try {
      const short = await benchFilm({ seconds: heldFilmSeconds, width: 640, height: 360 });
      const environment = (FFMPEG_PATH: string, segmentSeconds = heldSegmentSeconds) => ({
        ...one('360p'),
        SEGMENT_SECONDS: String(segmentSeconds),
        FFMPEG_PATH,
      });
      const wholeTool = await heldTool(folder, 'whole', 'ffmpeg');
      const aloneTool = await heldTool(folder, 'alone', 'ffmpeg', firstAlone.speed);
      const held = await watchJob({ film: short, environment: () => environment(wholeTool) }, playToEnd);
      const { waits, playedSeconds } = held.seen;
      const speed = held.state.timings.speed ?? 0;
      log(
        `a film that is made at ${speed.toFixed(2)} times the speed at which it plays: ${playedSeconds.toFixed(1)} s played, ${waits} waits`,
      );
      const alone = await watchJob(
        {
          film: await benchFilm({ seconds: firstAlone.filmSeconds, width: 640, height: 360 }),
          environment: () => environment(aloneTool, firstAlone.segmentSeconds),
        },
        playToEnd,
      );
      log(
        `a film that is played from its first segment on, made at ${alone.state.timings.speed?.toFixed(2)} times its speed: first frame after ${alone.frameSeconds.toFixed(1)} s, ${alone.seen.playedSeconds.toFixed(1)} s played, ${alone.seen.waits} waits`,
      );
      const longer = await benchFilm({ seconds: survivedFilmSeconds, width: 640, height: 360 });
      // Of a film from a place in the middle on, `-readrate` of version 5.1 holds nothing back.
      const partTool = await heldTool(folder, 'part', ensureFfmpegVersion(root, '7.1').ffmpeg);
      const survive = (seconds: number) =>
        watchJob(
          {
            film: longer,
            environment: () => ({
              ...environment(partTool),
              PART_SECONDS: String(survivedPartSeconds),
              WORKERS_PER_FILM: '3',
            }),
            workers: 3,
            visibilityTimeoutSeconds: survivedVisibilitySeconds,
          },
          (page, workers) => playWhileWorkersAreKilled(page, workers, seconds),
        );
      const { seen: survived } = await survive(killedAfterSeconds.later);
      log(
        `a film whose workers are killed, two of three, on the way: ${survived.playedSeconds.toFixed(1)} s played, ${survived.waits} waits`,
      );
      const { seen: early } = await survive(killedAfterSeconds.atOnce);
      log(
        `and right after the first frame: ${early.playedSeconds.toFixed(1)} s played, ${early.waits} waits of ${early.waitedSeconds.toFixed(1)} s`,
      );
      return {
        ratio: spreadOf(ratios).middle,
        goals: [
          {
            what: `waits while a film plays that is made at ${heldSpeed} times its speed`,
            value: waits,
            goal: 0,
          },
          { what: 'seconds of it that did not play', value: heldFilmSeconds - playedSeconds, goal: 0.5 },
          {
            what: `waits while a film plays from its first segment of ${firstAlone.segmentSeconds} s on, at ${firstAlone.speed} times its speed`,
            value: alone.seen.waits,
            goal: 0,
          },
          { what: 'waits while two of three workers are killed', value: survived.waits, goal: 0 },
          {
            what: 'seconds that did not play then',
            value: survivedFilmSeconds - survived.playedSeconds,
            goal: 0.5,
          },
          {
            what: 'seconds of waiting when they are killed right after the first frame',
            value: early.waitedSeconds,
            goal: longestWaitSeconds,
          },
        ],
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** @returns the time until it is shown, in units of one segment's encode time */
async function firstFrame(film: string, log: (line: string) => void): Promise<number> {
  const { state, frameSeconds, steps } = await watchJob(
    { film, environment: () => one('720p') },
    async () => {},
  );
  const segments = state.film?.renditions.find(({ kind }) => kind === 'video')?.segments ?? 1;
  const segmentSeconds = (state.timings.encodeSeconds ?? 0) / segments;
  const ratio = frameSeconds / segmentSeconds;
  log(
    `first frame after ${frameSeconds.toFixed(2)} s; one segment takes ${segmentSeconds.toFixed(2)} s: ratio ${ratio.toFixed(2)}`,
  );
  for (const [what, seconds] of steps) log(`  ${seconds.toFixed(2)} s  ${what}`);
  return ratio;
}

/** An ffmpeg that reads its film no faster. */
async function heldTool(folder: string, name: string, ffmpeg: string, speed = heldSpeed): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\nexec ${ffmpeg} -readrate ${speed} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

interface Played {
  waits: number;
  waitedSeconds: number;
  playedSeconds: number;
}

async function playToEnd(page: Page): Promise<Played> {
  await assertRunning(page);
  await beginToPlay(page);
  return playedToEnd(page);
}

/** @throws where the film is whole, so that nothing can be seen of early play */
async function assertRunning(page: Page): Promise<void> {
  if ((await page.getAttribute('#state', 'data-state')) !== 'running')
    throw new Error('The film was whole before it was looked at: this machine is too busy, or too quick.');
}

function beginToPlay(page: Page): Promise<unknown> {
  return page.evaluate(
    'player.video.muted = true; void player.video.play(); window.waits = 0; window.waitedMs = 0',
  );
}

async function playedToEnd(page: Page): Promise<Played> {
  const deadline = performance.now() + 3 * survivedFilmSeconds * 1000;
  while (performance.now() < deadline && !(await page.evaluate('window.end !== undefined'))) await sleep(500);
  return page.evaluate(
    '({ waits, waitedSeconds: waitedMs / 1000, playedSeconds: window.end?.playedSeconds ?? player.video.currentTime })',
  );
}

/** The one that is killed is at a part, and may write the playlists: the others notice it, and make the part again. */
async function playWhileWorkersAreKilled(page: Page, workers: readonly WorkerProcess[], seconds: number) {
  await beginToPlay(page);
  await sleep(seconds * 1000);
  for (const worker of workers.slice(0, 2)) {
    await sleep(betweenKillsSeconds * 1000);
    await assertRunning(page);
    worker.kill('SIGKILL');
  }
  return playedToEnd(page);
}
