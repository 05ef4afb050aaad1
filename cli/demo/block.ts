import { bar } from '../text/bar.ts';
import { clip, printable, type Style } from '../text/style.ts';
import { formatBytes, formatSeconds, formatSpeed } from '../text/units.ts';
import { type DemoView, stageOf, stages } from './view.ts';

/** The block that a terminal redraws: always as many lines, none longer than `columns`. */
export function progressBlock(view: DemoView, style: Style, columns: number): string[] {
  const barWidth = Math.max(10, Math.min(40, columns - 32));
  const share = shareDone(view);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const name = clip(printable(view.film), columns - 34);
  return [
    `  ${style.bold('transcode-farm')}  ${name}${view.filmBytes === undefined ? '' : style.dim(`  ${formatBytes(view.filmBytes)}`)}`,
    '',
    `  ${stageLine(view, style, columns - 4)}`,
    `  ${style.accent(bar(share, barWidth))} ${percent}  ${style.dim(formatSeconds(view.elapsedSeconds))}`,
    `  ${style.dim(clip(paceLine(view), columns - 4))}`,
    `  ${style.dim(clip(publishedLine(view), columns - 4))}`,
    ...(view.workerParts.length > 1 ? [`  ${style.dim(clip(workersLine(view), columns - 4))}`] : []),
  ];
}

const arrow = ' › ';

function stageLine(view: DemoView, style: Style, width: number): string {
  if (view.step === 'clip') return style.accent('making a clip');
  const now = stageOf(view.job);
  const position = now === undefined ? stages.length : stages.indexOf(now);
  if (stages.join(arrow).length > width) return style.accent(now ?? '');
  return stages
    .map((stage, index) => {
      if (index < position) return style.good(stage);
      return index === position ? style.bold(style.accent(stage)) : style.dim(stage);
    })
    .join(style.dim(arrow));
}

export function shareDone(view: DemoView): number {
  if (view.step !== 'job') return 0;
  if (view.job?.state === 'succeeded') return 1;
  return (view.job?.progress?.percent ?? 0) / 100;
}

/** Frames per second, speed and time to go; why it waits when it waits. */
export function paceLine({ job, step }: DemoView): string {
  if (step !== 'job') return '';
  if (!job) return 'waiting for a worker to take the job';
  if (job.state === 'retrying') {
    return `attempt ${job.attempt} of ${job.maxAttempts} failed, trying again: ${printable(job.error?.message ?? '')}`;
  }
  const { framesPerSecond, speed, etaSeconds } = job.progress ?? {};
  return [
    !framesPerSecond ? '' : `${Math.round(framesPerSecond)} frames/s`,
    !speed ? '' : formatSpeed(speed),
    etaSeconds === undefined ? '' : `${formatSeconds(etaSeconds)} to go`,
  ]
    .filter(Boolean)
    .join('  ·  ');
}

export function publishedLine({ job }: DemoView): string {
  const progress = job?.progress;
  if (!progress) return '';
  return [
    progress.renditions.join(' '),
    `${progress.publishedSegments} ${progress.publishedSegments === 1 ? 'segment' : 'segments'} published`,
    formatBytes(progress.publishedBytes),
  ]
    .filter(Boolean)
    .join('  ·  ');
}

/** Which of several workers has made how much; empty before the first part is made. */
export function workersLine({ workerParts }: DemoView): string {
  if (workerParts.length === 1 || workerParts.flat().length === 0) return '';
  return workerParts.map(({ length }, index) => `worker ${index + 1}: ${countParts(length)}`).join('  ·  ');
}

export function countParts(count: number): string {
  return `${count} part${count === 1 ? '' : 's'}`;
}
