import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { jobsInEachState, putJob } from '../helpers/portal/sample-jobs.ts';

const page = readFileSync(new URL('../../docs/portal-api.md', import.meta.url), 'utf8');
const run = promisify(execFile);
const hasPython = await run('python3', ['--version']).then(
  () => true,
  () => false,
);

let farm: TestFarm;
let portal: LocalPortal;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let token: string;

/** A person's first steps: signed in, they make a token for their programs. */
beforeAll(async () => {
  folder = await temporaryFolder();
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'aac', join(folder.path, 'film.mp4')],
  );
  farm = await startLocalFarm({
    env: { SOURCE_SUFFIXES: '.none', X264_PRESET: 'ultrafast', ENCODER: 'x264' },
  });
  portal = await startPortal(farm);
  const signedIn = await fetch(portal.signInUrl(), { redirect: 'manual' });
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  const made = await fetch(`${portal.origin}/api/tokens`, {
    method: 'POST',
    headers: {
      cookie,
      origin: portal.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    },
    body: '{"name":"examples"}',
  });
  ({ token } = (await made.json()) as { token: string });
}, 60_000);

afterAll(async () => {
  await portal?.close();
  await farm?.stop();
  await folder?.[Symbol.asyncDispose]();
});

/** The example in this language, run as a reader would. */
async function example(language: 'sh' | 'js' | 'python'): Promise<string> {
  const [, code = ''] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page) ?? [];
  const [file, program] = {
    sh: ['example.sh', 'bash'],
    js: ['example.mjs', process.execPath],
    python: ['example.py', 'python3'],
  }[language] as [string, string];
  await writeFile(join(folder.path, file), language === 'sh' ? `set -e\n${code}` : code);
  const env = { ...process.env, PORTAL: portal.origin, TOKEN: token, NODE_OPTIONS: '' };
  const { stdout } = await run(program, [file], { cwd: folder.path, env, timeout: 60_000 });
  return stdout;
}

it('estimates films and shows the farm, as the example for curl does', async () => {
  const stdout = await example('sh');
  const [estimate, state] = stdout
    .replace('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(estimate.renditions).toEqual(['1080p', '720p', '540p']);
  expect(estimate.seconds).toBeGreaterThan(100);
  expect(state.queues).toMatchObject({ waiting: 0, dead: 0 });
});

it('uploads a film and waits until it can be watched, as the example for Node does', async () => {
  farm.startWorker();
  const stdout = await example('js');
  const playlist = /^http.*\.m3u8$/m.exec(stdout)?.[0] ?? '';
  const found = await fetch(playlist, { headers: { authorization: `Bearer ${token}` } });
  expect(await found.text()).toMatch(/^#EXTM3U/);
}, 60_000);

it.skipIf(!hasPython)('goes through all jobs by pages, as the example for Python does', async () => {
  for (const job of jobsInEachState()) await putJob(farm, job);
  expect(await example('python')).toMatch(/^failed not-media The file is not a film/m);
});

it('shows problems as the page describes them', async () => {
  const answer = await fetch(`${portal.origin}/api/jobs/none`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toEqual({
    type: 'urn:transcode-farm:problem:no-such-job',
    title: 'Not found',
    status: 404,
    detail: 'There is no job "none".',
  });
});
