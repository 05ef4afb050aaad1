import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { folderAssets } from '../../cli/plan/folder-assets.ts';
import { findAssets } from '../../worker/src/overlays/find-assets.ts';
import { prepareOverlays } from '../../worker/src/overlays/prepare.ts';
import type { OverlayOptions } from '../../worker/src/plan/overlay-options.ts';
import { planOverlays } from '../../worker/src/plan/overlays.ts';
import type { VideoPlan } from '../../worker/src/plan/plan.ts';
import { bareFfmpeg } from './lib/bare.ts';
import type { Bench } from './lib/bench.ts';
import { measureChildren } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';
import { planFilm } from './lib/plan.ts';

const run = promisify(execFile);

/** What the always-on farm's users put over a film: two texts and a logo, all of its time. */
const asked: OverlayOptions[] = [
  {
    text: 'Grüezi mitenand!',
    font: 'Montserrat',
    weight: 'bold',
    size: '8%',
    at: 'top',
    box: '#00000080',
    in: 'fade',
  },
  { text: 'A text of two lines\nat the bottom of the film', font: 'Montserrat', outline: '#000' },
  { image: 'logo.png', width: '12%', opacity: 0.7, in: 'slide-left' },
];

const rounds = 3;

export const overlays: Bench = {
  what: 'CPU time of the whole ladder with two texts and a logo over that without them, each the least of three runs',
  goal: 1.05,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 10, width: 1920, height: 1080 }));
    await using planned = await planFilm(path, { PART_SECONDS: '3600' });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-overlays-'));
    const logo = ['-f', 'lavfi', '-i', 'testsrc2=s=400x200,format=rgba', '-frames:v', '1'];
    await run('ffmpeg', ['-v', 'error', ...logo, join(folder.path, 'logo.png')]);
    const { plan, tools } = planned;
    const video = plan.video as NonNullable<typeof plan.video>;
    const [largest] = video.renditions as [VideoPlan['renditions'][number]];
    const assets = folderAssets(folder.path);
    const drawing = planOverlays(await findAssets(asked, assets), largest, video.durationSeconds).plan;
    if (drawing === undefined) throw new Error('Nothing is drawn.');
    const { signal } = new AbortController();
    const prepare = (overlays: string) => prepareOverlays(drawing, overlays, { assets, tools, signal });
    const drawn = { ...plan, video: { ...video, overlays: drawing } };
    // Once a worker and film, however long the film is: not what drawing costs.
    const once = await measureChildren(() => prepare(join(folder.path, 'once')));
    const seconds = { plain: Number.POSITIVE_INFINITY, drawn: Number.POSITIVE_INFINITY };
    for (let round = 0; round < rounds; round += 1) {
      const plain = await measureChildren(() => bareFfmpeg(path, plan, { audio: false }));
      const withOverlays = await measureChildren(() => bareFfmpeg(path, drawn, { audio: false, prepare }));
      seconds.plain = Math.min(seconds.plain, plain.cpuSeconds);
      seconds.drawn = Math.min(seconds.drawn, withOverlays.cpuSeconds - once.cpuSeconds);
      log(`without ${plain.cpuSeconds.toFixed(1)} s of CPU, with ${withOverlays.cpuSeconds.toFixed(1)} s`);
    }
    return {
      ratio: seconds.drawn / seconds.plain,
      more: { 'seconds of CPU for preparing, once a worker and film': once.cpuSeconds },
    };
  },
};
