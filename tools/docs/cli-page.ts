import { progressLine } from '../../cli/demo/plain.ts';
import { summary } from '../../cli/demo/summary.ts';
import type { DemoView } from '../../cli/demo/view.ts';
import { queueLines } from '../../cli/farm/queues.ts';
import { nextSteps } from '../../cli/jobs/next-steps.ts';
import { jobTable } from '../../cli/jobs/table.ts';
import { jobLines } from '../../cli/jobs/text.ts';
import { plainStyle } from '../../cli/text/style.ts';
import { watchLines } from '../../cli/watch/view.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { failed, running, sampleTime, succeeded } from './sample-jobs.ts';

/** Width of the terminal whose output the pages show. */
const columns = 100;

const style = plainStyle;
const idle = { waiting: 0, inFlight: 0, delayed: 0 };
const details = (job: JobState) => jobLines(job, style, sampleTime);

/** What commands print of the sample jobs, by the name that stands above it on a page. */
const samples: Readonly<Record<string, () => string[]>> = {
  demo: () => [...demoProgress(), ...summary(succeeded, [[]], style, columns)],
  'demo by two workers': () => summary(succeeded, [[0], [1, 2, 3]], style, columns).slice(0, 9),
  jobs: () => [...jobTable([failed, succeeded], style, columns, sampleTime), '2 jobs'],
  status: () => queueLines({ ...idle, dead: 1, parts: idle }),
  'status of a job': () => [...details(failed), ...nextSteps([failed], {})],
  'submit --wait': () => [succeeded, failed].flatMap(details),
  watch: () =>
    watchLines(
      {
        farm: 'published-films',
        queues: { ...idle, inFlight: 1, dead: 0, parts: idle },
        workers: { tasks: { wanted: 1, starting: 0, running: 1 } },
        jobs: [running, succeeded],
        at: sampleTime,
      },
      style,
      columns,
      40,
    ),
};

/** The lines of a demo whose output goes to a file: one a stage, and one each fifth of the film. */
function demoProgress(): string[] {
  const view: DemoView = { film: 'clip.mp4', step: 'clip', workerParts: [[]], elapsedSeconds: 0 };
  const at = (percent: number, speed: number, etaSeconds: number, segments: number, bytes: number) => ({
    ...running,
    progress: {
      ...{ percent, speed, etaSeconds, framesPerSecond: speed * 30 },
      ...{ publishedSegments: segments, publishedBytes: bytes },
      renditions: running.progress?.renditions ?? [],
    },
  });
  const views: DemoView[] = [
    view,
    { ...view, step: 'job' },
    { ...view, step: 'job', job: at(24, 1.8, 8, 8, 2_310_000) },
    { ...view, step: 'job', job: at(43, 1.9, 6, 13, 4_710_000) },
    { ...view, step: 'job', job: at(65, 2, 4, 17, 8_070_000) },
    { ...view, step: 'job', job: at(87, 2.1, 1.4, 17, 8_070_000) },
    { ...view, step: 'job', job: succeeded },
  ];
  return views.flatMap((each, nth) => progressLine(views[nth - 1], each) ?? []);
}

/** A block of output below the line that names its sample; a first line with the command stays. */
const block = /(<!-- Printed by `npm run docs`: (.+?) -->\n\n```\n)((?:\$ .*\n)?)[^`]*?(```)/g;

/** A page with its samples of output printed again. @throws TypeError for one that there is not */
export function withSamples(page: string): string {
  return page.replace(block, (_, above: string, name: string, command: string, below: string) => {
    const lines = samples[name];
    if (lines === undefined) throw new TypeError(`There is no sample "${name}" in tools/docs/cli-page.ts.`);
    return `${above}${command}${lines().join('\n')}\n${below}`;
  });
}
