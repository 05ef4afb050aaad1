import { expect, it } from 'vitest';
import { makeFilm, type PlannedFilm, type TranscodeRun } from '../../../worker/src/film/make-film.ts';
import { openStores } from '../../../worker/src/job/stores.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { writePlanFile } from '../../../worker/src/protocol/plan-file.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import { realMediaTools, temporaryFolder } from '../../helpers/clips.ts';
import { join, manyParts, record } from '../../helpers/crews.ts';
import { running } from '../../helpers/job-states.ts';
import { recordingLogger } from '../../helpers/queue.ts';
import { testSettings } from '../../helpers/settings.ts';
import { startStorage } from '../../helpers/storage.ts';

const plan = { ...manyParts(), id: 'aaaaaaaaaaaa' };
const job = { id: 'job', source: 'a.mp4', requestId: 'r' };
const request = { hash: 'h' };
const signal = new AbortController().signal;

/** A worker that takes a film over. Its source can't be read: it must not encode. */
async function takeOver() {
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
    server: {
      url: 'http://127.0.0.1:9/',
      failure: undefined,
      fetchedBytes: 0,
      servedBytes: 0,
      stalledSeconds: () => 0,
      endOfVideo: () => {},
      close: async () => {},
    },
    workDir: folder.path,
    seat: 0,
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
    staleSeconds: 30,
    sendHelp: async () => {},
    readStatus: async () => running('job'),
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
  const helper = await join(plan, output, { seat: 1, messageId: 'm-1' });
  if (!helper) throw new Error('The helper was to join.');
  const last = (await helper.crew.next('video')) as Part;
  for (const part of plan.parts) if (part !== last) await record(helper, part, output);
  expect(await film.makeFilm()).toEqual({ end: 'left' });
  await helper.crew.leave('gone');
});

it('a film with one part left that was nobody else’s is not shared', async () => {
  await using film = await takeOver();
  const { output } = film;
  const noCrew = { crew: { recorded: () => {} } };
  for (const part of plan.parts.slice(1)) await record(noCrew, part, output);
  await expect(film.makeFilm()).rejects.toThrow('Connection refused');
  const keys: string[] = [];
  for await (const { key } of output.list('job/')) keys.push(key);
  expect(keys).toHaveLength(plan.parts.length - 1);
});
