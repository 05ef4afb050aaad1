import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { filterGraph } from '../../../worker/src/encode/filter-graph.ts';
import type { Plan, VideoPlan } from '../../../worker/src/plan/plan.ts';
import { wholeFilm } from './bare.ts';
import { measureChildren } from './cpu.ts';

const run = promisify(execFile);

/** CPU seconds of decoding the film's picture, and nothing else. */
export function decodeSeconds(film: string, { streamIndex }: VideoPlan): Promise<number> {
  return cpuSecondsOf(film, ['-map', `0:${streamIndex}`, ...nowhere]);
}

/** CPU seconds of all that a run does before its encoders: decoding, scaling, the frames of poster and storyboard. */
export function preparedSeconds(film: string, plan: Plan, video: VideoPlan): Promise<number> {
  const span = { fromSeconds: 0, toSeconds: plan.durationSeconds + 60 };
  const { filters, pictures } = filterGraph(video, wholeFilm(plan), span);
  const labels = [...video.renditions.map((_, index) => `v${index}`), ...pictures.map(({ label }) => label)];
  const outputs = labels.flatMap((label) => ['-map', `[${label}]`, ...nowhere]);
  return cpuSecondsOf(film, ['-filter_complex', filters, ...outputs]);
}

/** Frames as they come, neither doubled nor encoded. */
const nowhere = ['-fps_mode', 'passthrough', '-f', 'null', '-'];

async function cpuSecondsOf(film: string, args: readonly string[]): Promise<number> {
  const all = ['-v', 'error', '-nostdin', '-i', film, ...args];
  return (await measureChildren(() => run('ffmpeg', all))).cpuSeconds;
}
