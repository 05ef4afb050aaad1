import { expect, it, vi } from 'vitest';
import type { PlannedFilm, TranscodeRun } from '../../../worker/src/film/film.ts';
import { makeFilm } from '../../../worker/src/film/make-film.ts';
import { writeRecord } from '../../../worker/src/film/session/session.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { writePlanFile } from '../../../worker/src/protocol/plan-file.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import { openStores } from '../../../worker/src/storage/stores.ts';
import { realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { running } from '../../helpers/reports/job-states.ts';
import { manyParts, openMember, record, recordOf } from '../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';
import { startStorage } from '../../helpers/worker/storage.ts';

const plan = { ...manyParts(), id: 'aaaaaaaaaaaa' };
const job = { id: 'job', source: 'a.mp4', requestId: 'r' };
const request = { hash: 'h' };
const signal = new AbortController().signal;

/** A worker that takes a film over, or plans it. Its source can't be read. */
async function takeOver(own: Partial<TranscodeRun> = {}) {
  const storage = await startStorage();
  const plain = testSettings({ WORKERS_PER_FILM: '3', PARTS_QUEUE_URL: 'https://sqs.example/parts' });
  const settings = {
    ...plain,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  const stores = openStores(settings);
  const folder = await temporaryFolder();
  const planned: PlannedFilm = {
    job,
    plan,
    request,
    sources: {
      urls: ['http://127.0.0.1:9/'],
      stalledSeconds: () => 0,
      endOfVideo: () => {},
      failure: undefined,
    },
    workDir: folder.path,
    role: 'planner',
  };
  const { log } = recordingLogger();
  const run: TranscodeRun = {
    settings,
    stores,
    tools: realMediaTools(),
    encoder: { name: 'x264', preset: 'veryfast' },
    software: 'test',
    report: createReporter({ sinks: [] }).join(job, running('job')),
    log,
    signal,
    messageId: 'm-9',
    isRepeat: true,
    leaseSeconds: 30,
    sendPartRequest: async () => {},
    readStatus: async () => running('job'),
    ...own,
  };
  return {
    output: stores.output,
    makeFilm: () => makeFilm(planned, run),
    async [Symbol.asyncDispose]() {
      stores.close();
      await folder[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

it('the last part of a shared film is not made a second time by who takes the film over', async () => {
  await using film = await takeOver();
  const { output } = film;
  await writePlanFile(output, new JobFolder('', job.id).plan(plan.id), { request, plan }, signal);
  await using helper = openMember(plan, output, { messageId: 'm-1' });
  await helper.session.enter();
  const last = (await helper.session.next('video')) as Part;
  for (const part of plan.parts) if (part !== last) await record(helper, part);
  expect(await film.makeFilm()).toEqual({ kind: 'leftToPeers' });
});

it('of a job that is sent again, a part that failed and is kept for a message of the earlier request is made', async () => {
  await using film = await takeOver({ isRepeat: false, isSentAgain: true, leaseSeconds: 2 });
  const { output } = film;
  await writePlanFile(output, new JobFolder('', job.id).plan(plan.id), { request, plan }, signal);
  await using failed = openMember(plan, output, { messageId: 'm-1', leaseSeconds: 2 });
  await failed.session.enter();
  const last = (await failed.session.next('video')) as Part;
  for (const part of plan.parts) if (part !== last) await record(failed, part);
  await failed.session.fail(new Error('ffmpeg ended with exit code 1'));
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
});

it('a film with one part left that was nobody else’s is not shared', async () => {
  await using film = await takeOver();
  const { output } = film;
  const folder = new JobFolder('', job.id).plan(plan.id);
  for (const part of plan.parts.slice(1))
    await writeRecord(output, folder, plan, { part, record: recordOf(part), signal });
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
  const keys: string[] = [];
  for await (const { key } of output.list('job/')) keys.push(key);
  expect(keys).toHaveLength(plan.parts.length - 1);
});

it('the worker that plans a film makes its first part, however many others have begun before it looks again', async () => {
  const firstPart = new JobFolder('', job.id).plan(plan.id).partLease(0);
  const held: boolean[] = [];
  await using film = await takeOver({
    isRepeat: false,
    sendPartRequest: async () => {
      held.push((await film.output.head(firstPart)) !== undefined);
    },
  });
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
  expect(held).toEqual([true, true]);
});

it('a film is made by fewer workers when part requests can’t be sent', async () => {
  const { log, lines } = recordingLogger();
  await using film = await takeOver({
    isRepeat: false,
    log,
    sendPartRequest: () => Promise.reject(new Error('The queue does not answer.')),
  });
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
  expect(lines.map(({ msg }) => msg)).toContain('could not send a part request');
});

it('a film that can’t be joined leaves no lease that is renewed for ever', async () => {
  const report = createReporter({ sinks: [] }).join(job, running('job'));
  vi.spyOn(report, 'setReporting').mockRejectedValue(new Error('no report'));
  await using film = await takeOver({ isRepeat: false, report });
  await expect(film.makeFilm()).rejects.toThrow('no report');
  const leases = await film.output.listAll(new JobFolder('', job.id).plan(plan.id).leases);
  expect(leases.objects).toEqual([]);
});

it('an invocation that had no time for a part, and has it after all, makes it', async () => {
  let asked = 0;
  const invocation = {
    mayBegin: () => {
      asked += 1;
      return asked > 1;
    },
    mayWait: () => true,
    began: () => {},
    recorded: () => {},
  };
  await using film = await takeOver({ isRepeat: false, invocation: invocation as never });
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
});
