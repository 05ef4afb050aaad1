import { setTimeout as sleep } from 'node:timers/promises';
import { FilmProgress } from '../../../worker/src/film/session/film-progress.ts';
import { SharedSession } from '../../../worker/src/film/session/shared-session.ts';
import type { Logger } from '../../../worker/src/log.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { headersFor } from '../../../worker/src/protocol/content-types.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { readRecords } from '../../../worker/src/publish/records.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Run } from './run.ts';

const silence = () => {};
const log = {
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
  fatal: silence,
} as unknown as Logger;

/** One worker of the film with a real session; what it encodes takes its time, and nothing else. */
export async function workOnFilm(run: Run, worker: number): Promise<void> {
  const { plan, endpoint, conditionalWrites, secondsOf, tailSeconds, ground, signal } = run;
  const folder = new JobFolder('', 'job').plan(plan.id);
  const output = openStore({
    bucket: 'films',
    region: 'us-east-1',
    endpoint,
    addressing: 'path',
    checksums: 'when-required',
    conditionalWrites,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  const progress = new FilmProgress(plan, () => performance.now() / 1000);
  const report = createReporter({ sinks: [] }).open(
    { id: 'job', source: 'film.mp4', requestId: 'request' },
    { attempt: 1, maxAttempts: 3, queuedAt: new Date() },
  );
  await report.move({ to: 'running', attempt: 1, worker: `worker-${worker}` });
  const session = new SharedSession({
    plan,
    folder,
    output,
    owner: `worker-${worker}`,
    messageId: `message-${worker}`,
    isRepeat: false,
    leaseSeconds: 60,
    progress,
    report,
    readStatus: async () => undefined,
    log,
    signal,
  });
  const encode = async (part: Part) => {
    const seconds = secondsOf(part.index);
    const frames = (30 * ((part.kind === 'video' ? part.endSeconds : undefined) ?? 12)) / 10;
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      await sleep((seconds * 1000) / 10, undefined, { signal });
      progress.onProgress(part, { frames: frames * tenth, framesPerSecond: 6, outSeconds: 0, ended: false });
      progress.onPublished(part, 1000);
    }
  };
  const record = async (part: Part) => {
    await sleep(tailSeconds * 1000, undefined, { signal });
    await session.record(part, ground.recordOf(part), signal);
    ground.records(part.index);
  };
  try {
    // The first plans the film and looks at it before it takes the first part; part requests give the others theirs.
    const first = plan.parts[worker];
    if (worker === 0) await session.enter();
    if ((first === undefined || !(await session.reserve(first))) && worker !== 0) await session.enter();
    let tail: Promise<void> = Promise.resolve();
    for (;;) {
      const askedAt = ground.now();
      const part = await session.next('video');
      ground.gets(askedAt, part?.index);
      if (part === undefined) break;
      await encode(part);
      await tail;
      tail = record(part);
    }
    await tail;
    // Whoever has seen all records late finds the film there, as make-film.ts does.
    const { commit } = folder.job;
    if ((await session.claimAssembly()) && (await output.head(commit, signal)) === undefined) {
      ground.assembles();
      await readRecords(output, folder, plan, signal);
      await output.put(commit, '#EXTM3U', { ...headersFor(commit), signal });
    }
  } finally {
    await session[Symbol.asyncDispose]();
    output.close();
  }
}
