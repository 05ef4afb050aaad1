import type { Plan, VideoPart, VideoPlan } from '../plan/plan.ts';
import { clockFilter } from './clock-filter.ts';
import { filmChain } from './filter-graph.ts';
import { seekArguments } from './seek.ts';
import { inputArguments, zeroOf } from './video-arguments.ts';

/**
 * Arguments of a run that makes one frame of the film as its largest rendition has it, overlays and all.
 * @param path ends in `.png` or `.jpg`
 */
export function frameArguments(
  plan: Plan,
  video: VideoPlan,
  atSeconds: number,
  path: string,
): { inputArgs: string[]; outputArgs: string[] } {
  const at: VideoPart = {
    kind: 'video',
    index: 0,
    startSeconds: atSeconds,
    firstSegment: 0,
    segmentCuts: [],
  };
  const zero = zeroOf(video, at);
  // On the grid of its frames, the one that is on show.
  const part = { ...at, startSeconds: video.timing === 'constant' ? zero : atSeconds };
  const span = { fromSeconds: part.startSeconds - zero, toSeconds: 86_400 };
  const format = path.endsWith('.png')
    ? ['-c:v', 'png', '-pix_fmt', 'rgb24']
    : ['-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p'];
  return {
    inputArgs: [...inputArguments(video), ...seekArguments(plan, part.startSeconds, zero)],
    outputArgs: [
      ...[
        '-filter_complex',
        `${filmChain(video, part, span, { clock: clockFilter('setpts', plan) })}[frame]`,
      ],
      ...['-map', '[frame]', '-frames:v', '1', ...format, '-f', 'image2', '-update', '1', path],
    ],
  };
}
