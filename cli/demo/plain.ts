import { paceLine, publishedLine, shareDone, workersLine } from './block.ts';
import { type DemoView, stageOf } from './view.ts';

/** A line each this many percent, where lines are kept for ever. */
const percentStep = 20;

/** The line to print when the view went from `before` to `now`; undefined when nothing worth a line has happened. */
export function progressLine(before: DemoView | undefined, now: DemoView): string | undefined {
  const [was, is] = [before && label(before), label(now)];
  const percent = Math.floor(shareDone(now) * 100);
  const moved = before ? Math.floor(shareDone(before) * 100) : 0;
  const grown = is === 'encoding' && Math.floor(percent / percentStep) > Math.floor(moved / percentStep);
  if (was === is && !grown) return undefined;
  const running = now.step === 'job' && is !== 'succeeded' && is !== 'failed';
  const lines = [paceLine(now), publishedLine(now), workersLine(now)];
  const details = running ? lines.filter(Boolean).join('  ·  ') : '';
  const done = is === 'encoding' ? ` ${percent} %` : '';
  return `${is}${done}${details ? `: ${details}` : ''}`;
}

function label(view: DemoView): string {
  if (view.step === 'clip') return 'making a clip';
  if (view.job?.state === 'retrying') return 'retrying';
  return stageOf(view.job) ?? view.job?.state ?? 'waiting';
}
