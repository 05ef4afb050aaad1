import { cancelLine, checkJob } from '../../cli/cancel/check.ts';
import { deadLines, redriveLines } from '../../cli/dead/text.ts';
import { deleteLine } from '../../cli/delete/command.ts';
import { progressLine } from '../../cli/demo/plain.ts';
import { summary } from '../../cli/demo/summary.ts';
import { endLines, filesLine, keptLine, pageLine } from '../../cli/demo/text.ts';
import type { DemoView } from '../../cli/demo/view.ts';
import { smokeLines } from '../../cli/doctor/text.ts';
import { queueLines } from '../../cli/farm/queues.ts';
import { gotLine } from '../../cli/get/command.ts';
import { nextSteps } from '../../cli/jobs/next-steps.ts';
import { jobTable } from '../../cli/jobs/table.ts';
import { jobLines } from '../../cli/jobs/text.ts';
import { farmLinks, linkLines } from '../../cli/links/command.ts';
import { logLine } from '../../cli/logs/text.ts';
import { openLines } from '../../cli/open/command.ts';
import { submittedLine } from '../../cli/submit/text.ts';
import { plainStyle } from '../../cli/text/style.ts';
import { watchLines } from '../../cli/watch/view.ts';
import { testLines } from '../../cli/webhook/text.ts';
import { webhookHeaders } from '../../reporter/webhooks/event.ts';
import { sampleEvent } from '../../reporter/webhooks/sample.ts';
import { outcomeOf } from '../../reporter/webhooks/send-once.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { doctorBeforeOutput, doctorOutput } from './sample-doctor.ts';
import { initOutput } from './sample-init.ts';
import {
  dead,
  failed,
  joined,
  linked,
  logLines,
  running,
  sampleTime,
  smoke,
  succeeded,
} from './sample-jobs.ts';
import { planOutput } from './sample-plan.ts';

/** Width of the terminal whose output the pages show. */
const columns = 100;

const style = plainStyle;
const idle = { waiting: 0, inFlight: 0, delayed: 0 };
const details = (job: JobState) => jobLines(job, style, sampleTime);

/** What commands print of the sample jobs, by the name that stands above it on a page. */
export const samples: Readonly<Record<string, () => string[] | Promise<string[]>>> = {
  demo: () => [
    pageLine(page, style),
    '',
    ...demoProgress(),
    ...summary(succeeded, [[]], style, columns),
    '',
    filesLine(),
    pageLine(page, style),
    ...endLines,
  ],
  'demo --keep': () => [
    ...summary(succeeded, [[]], style, columns).slice(0, 1),
    '…',
    filesLine(),
    pageLine(page, style),
    keptLine('/home/me/.local/state/transcode-farm/local.json'),
    ...endLines,
  ],
  'demo by two workers': () => summary(succeeded, [[0], [1, 2, 3]], style, columns).slice(0, 9),
  jobs: () => [...jobTable([failed, succeeded], style, columns, sampleTime), '2 jobs'],
  dead: () => deadLines([dead]),
  redrive: () => redriveLines([dead], false),
  init: () => initOutput(style),
  'doctor before a deployment': () => doctorBeforeOutput('dev', style),
  doctor: () => doctorOutput(style),
  submit: () => [
    ...[succeeded, failed].map(submittedLine),
    ...nextSteps([{ id: succeeded.id }, { id: failed.id }], {}),
  ],
  'submit --join': () => [submittedLine(joined), ...nextSteps([{ id: joined.id }], {})],
  cancel: () => [cancelLine(checkJob(running.id, running, { ...idle, inFlight: 1, dead: 0 }))],
  open: () => openLines(page),
  links: () => linkLines(farmLinks(linked)),
  logs: () => logLines.map(logLine),
  get: () => [gotLine(`/home/me/films/${succeeded.id}.mp4`, '720p')],
  delete: () => [deleteLine(folder)],
  'delete --yes': () => [deleteLine(folder, 47)],
  plan: () => planOutput(style, columns),
  smoke: () => smokeLines(smoke, 0.2, 3.2),
  'webhook test': webhookTest,
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

const page = `http://127.0.0.1:46815/sign-in/9bx3ktmrjsgk9kg6?to=%2Fjobs%2F${succeeded.id}`;
const folder = `s3://published-films/${succeeded.id}/`;

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

/** A receiver that is not there. */
function webhookTest(): string[] {
  const event = sampleEvent('running', sampleTime, 'sample');
  const headers = webhookHeaders(event, [`whsec_${Buffer.alloc(32, 7).toString('base64')}`], sampleTime);
  const error = new Error('connect ECONNREFUSED 127.0.0.1:9');
  const delivery = { headers, seconds: 0.1, isPrivate: true, ...outcomeOf({ kind: 'error', error }) };
  return testLines({ url: 'http://127.0.0.1:9/x', body: event.body, delivery }, style);
}
