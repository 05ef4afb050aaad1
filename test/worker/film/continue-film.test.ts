import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TranscodeRun } from '../../../worker/src/film/film.ts';
import { continueFilm } from '../../../worker/src/film/transcode.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { writePlanFile } from '../../../worker/src/protocol/plan-file.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import { parseRange } from '../../../worker/src/source/range.ts';
import { openStores } from '../../../worker/src/storage/stores.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { running } from '../../helpers/reports/job-states.ts';
import { manyParts } from '../../helpers/worker/film-sessions.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';
import { startStorage } from '../../helpers/worker/storage.ts';

const key = 'a.mp4';
const signal = new AbortController().signal;
const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };

/** A worker, and a film that another one has planned. */
async function open(planned: Partial<Plan>, source = key) {
  const job = { id: 'job', source, requestId: 'r' };
  const storage = await startStorage();
  const folder = await temporaryFolder();
  const plain = testSettings({ X264_PRESET: 'ultrafast', WORK_DIR: folder.path });
  const settings = {
    ...plain,
    allowHttpSources: true,
    allowPrivateSources: true,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  const stores = openStores(settings);
  const clip = join(folder.path, 'a.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=1'];
  await ffmpeg(...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', clip);
  await stores.source.put(key, await readFile(clip), headers);
  const plan = { ...manyParts(), id: 'aaaaaaaaaaaa', ...planned };
  await writePlanFile(
    stores.output,
    new JobFolder('', job.id).plan(plan.id),
    { request: { hash: 'h' }, plan },
    signal,
  );
  const { log } = recordingLogger();
  const run: TranscodeRun = {
    settings,
    stores,
    tools: realMediaTools(),
    encoder: { name: 'x264', preset: 'ultrafast' },
    software: 'this build',
    report: createReporter({ sinks: [] }).join(job, running('job')),
    log,
    signal,
    messageId: 'm',
    isRepeat: false,
    leaseSeconds: 30,
    readStatus: async () => running('job'),
  };
  return {
    continue: (role: 'planner' | 'helper', id = plan.id) =>
      continueFilm({ job, plan: id, role, firstPart: 1 }, run),
    async [Symbol.asyncDispose]() {
      stores.close();
      await folder[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

it('a helper leaves a film to its planner where its own encoder would make other bytes', async () => {
  await using worker = await open({ software: 'another build' });
  expect(await worker.continue('helper')).toEqual({ kind: 'leftToPeers' });
});

it('a worker that takes over a film of another build plans it again and makes it whole', async () => {
  await using worker = await open({ software: 'another build' });
  const outcome = await worker.continue('planner');
  expect(outcome).toMatchObject({ kind: 'published', film: { durationSeconds: 1 } });
  expect(outcome.kind === 'published' && outcome.film.plan).not.toBe('aaaaaaaaaaaa');
});

it.each(['planner', 'helper'] as const)(
  'a %s does not go on with a film whose source was replaced',
  async (role) => {
    await using worker = await open({ software: 'this build', sourceVersion: '"an earlier one"' });
    await expect(worker.continue(role)).rejects.toMatchObject({ code: 'source-replaced' });
  },
);

it('a helper whose film is gone leaves it, and a planner plans it again', async () => {
  await using worker = await open({ software: 'this build' });
  expect(await worker.continue('helper', 'bbbbbbbbbbbb')).toEqual({ kind: 'leftToPeers' });
  expect(await worker.continue('planner', 'bbbbbbbbbbbb')).toMatchObject({ kind: 'published' });
});

it('a helper finds the mirror of a film that its planner read, of two with different ETags', async () => {
  await using mirrors = await startMirrors(['"one"', '"two"']);
  const planned = { software: 'this build', sourceVersion: '"two"' };
  await using worker = await open(planned, `${mirrors.origin}/a.mp4`);
  // The film of the plan is not this one, which it sees after it took the version for the right one.
  await expect(worker.continue('helper')).rejects.not.toMatchObject({ code: 'source-replaced' });
  expect(mirrors.answers()).toBeGreaterThanOrEqual(2);
});

/** A server that answers for its mirrors in turn. */
async function startMirrors(etags: readonly string[]) {
  const film = Buffer.alloc(1000);
  let answers = 0;
  const server = createServer((request, response) => {
    const range = parseRange(request.headers.range, film.length);
    if (range === undefined || range === 'unsatisfiable') return void response.writeHead(416).end();
    const etag = etags[answers++ % etags.length] ?? '';
    response.writeHead(206, { etag, 'content-range': `bytes ${range.start}-${range.end}/${film.length}` });
    response.end(film.subarray(range.start, range.end + 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: () => answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
