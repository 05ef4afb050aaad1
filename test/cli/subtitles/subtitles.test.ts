import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../../portal/src/local.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { startPortal } from '../../helpers/portal/portal.ts';

let farm: TestFarm;
let portal: LocalPortal;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;
let id: string;
const command = (...args: string[]) => farmCommand(folder.path, ['subtitles', ...args, '--farm', file]);
const words = (text: string) => `1\n00:00:00,500 --> 00:00:01,500\n${text}\n`;

/** A film, published before anyone had subtitles for it. */
beforeAll(async () => {
  farm = await startLocalFarm({ env: { X264_PRESET: 'ultrafast', SOURCE_SUFFIXES: '.none' } });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  const clip = join(folder.path, 'clip.mp4');
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=25:duration=2', '-preset', 'ultrafast', clip);
  await farm.put('films/clip.mp4', clip);
  farm.startWorker();
  id = await farm.sendJob({ source: 'films/clip.mp4' });
  await farm.waitFor(id, 'succeeded');
  portal = await startPortal(farm);
  await writeFile(join(folder.path, 'clip.en.sdh.srt'), words('Hello'));
  await writeFile(join(folder.path, 'german.srt'), Buffer.from(words('Grüezi'), 'latin1'));
  await writeFile(join(folder.path, 'poem.en.srt'), 'Roses are red');
}, 60_000);

afterAll(async () => {
  await portal?.close();
  await farm?.stop();
  await folder?.[Symbol.asyncDispose]();
});

const subtitlesOf = ({ film }: JobState) =>
  film?.subtitles?.map(({ language, kind, label }) => `${language} ${kind} ${label}`);

it('are added by the name of a file or by options, and listed', async () => {
  expect((await command('list', id)).stdout).toContain('has no subtitles');
  const added = await command('add', id, 'clip.en.sdh.srt', '--wait', '--json');
  expect(added.stderr).toBe('');
  expect(subtitlesOf(added.json<{ state: JobState }>().state)).toEqual(['en sdh English (SDH)']);
  const more = await command(
    'add',
    id,
    'german.srt',
    '--language',
    'ger',
    '--name',
    'Deutsch',
    '--default',
    '--wait',
  );
  expect(more.stdout).toMatch(/subtitles +English \(SDH\), Deutsch/);
  const listed = await command('list', id);
  expect(listed.stdout).toMatch(
    /^en +sdh +English \(SDH\) +\(1 cue\)\nde +subtitles +Deutsch +\(1 cue, default\)\n$/,
  );
  // Beside the film, where they are found should it be made again.
  const { Contents = [] } = await farm.s3.send(new ListObjectsV2Command({ Bucket: farm.sourceBucket }));
  expect(Contents.map(({ Key }) => Key).sort()).toEqual([
    'films/clip.de.srt',
    'films/clip.en.sdh.srt',
    'films/clip.mp4',
  ]);
}, 60_000);

it('are removed by language and kind', async () => {
  expect((await command('remove', id, 'fr')).stderr).toContain('has no such subtitles');
  const removed = await command('remove', id, 'en', '--kind', 'sdh', '--wait', '--json');
  expect(subtitlesOf(removed.json<{ state: JobState }>().state)).toEqual(['de subtitles Deutsch']);
}, 60_000);

it.each([
  [['add', 'JOB', 'poem.en.srt'], 'poem.en.srt has no subtitles that can be shown: it holds no times'],
  [['add', 'JOB', 'german.srt'], 'The name of german.srt does not say its language. Say it: --language en'],
  [['add', 'JOB', 'nope.srt'], "The subtitles can't be read: no such file or folder"],
  [['add', 'JOB', 'german.srt', '--language', 'klingon!'], '"klingon!" is not a language tag'],
  [['add', 'JOB', 'clip.mp4', '--language', 'en'], 'clip.mp4 is not a file of subtitles: expected srt, vtt'],
])(
  'are refused before anything is sent: %j',
  async (args, sentence) => {
    const ended = await command(...args.map((arg) => (arg === 'JOB' ? id : arg)));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(sentence);
  },
  20_000,
);

it('are added and removed by the portal’s API', async () => {
  const signedIn = await fetch(portal.signInUrl('/'), { redirect: 'manual' });
  const headers = {
    cookie: signedIn.headers.get('set-cookie')?.split(';')[0] ?? '',
    'content-type': 'application/json',
    origin: portal.origin,
  };
  const url = `${portal.origin}/api/jobs/${id}/subtitles`;
  const post = (body: object) => fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const content = Buffer.from(words('Salut')).toString('base64');
  const added = await post({ fileName: 'x.fr.srt', content, kind: 'forced' });
  expect(added.status).toBe(200);
  const state = await farm.waitFor(id, 'succeeded');
  expect(subtitlesOf(state)).toEqual(['de subtitles Deutsch', 'fr forced French (forced)']);

  const bad = await post({ fileName: 'x.fr.srt', content: Buffer.from('poem').toString('base64') });
  expect(await bad.json()).toMatchObject({ type: expect.stringContaining('no-subtitles') });
  const removed = await fetch(`${url}/fr?kind=forced`, { method: 'DELETE', headers });
  expect(removed.status).toBe(200);
  expect(subtitlesOf(await farm.waitFor(id, 'succeeded'))).toEqual(['de subtitles Deutsch']);
  expect((await fetch(`${url}/fr`, { method: 'DELETE', headers })).status).toBe(404);
}, 60_000);
