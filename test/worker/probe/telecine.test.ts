import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { probe } from '../../../worker/src/probe/probe.ts';
import { noteTelecine } from '../../../worker/src/probe/telecine.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { type FileServer, serveFiles } from '../../helpers/media/file-server.ts';

const limits = { durationSeconds: 60, pixels: 1_000_000, streams: 8, probeSeconds: 20 };
const how = { stallSeconds: 30, signal: new AbortController().signal };
const tools = realMediaTools();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: FileServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await serveFiles();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const fields = ['-flags', '+ilme+ildct', '-c:v', 'mpeg2video', '-q:v', '2', '-pix_fmt', 'yuv420p'];

it.each([
  ['24 frames a second spread over 60 fields', '24000/1001', 'telecine=first_field=top', true],
  ['60 fields a second', '60000/1001', 'interlace=lowpass=0', false],
])('looks at repeated fields: %s', async (what, rate, filter, telecined) => {
  const clip = join(folder.path, `${what.slice(0, 2)}.mpg`);
  const moving = `testsrc2=s=192x160:r=${rate}:d=8,crop=128:96:mod(n*3\\,64):mod(n*2\\,64)`;
  await ffmpeg(
    '-f',
    'lavfi',
    '-i',
    moving,
    '-vf',
    `${filter},setfield=tff`,
    '-r',
    '30000/1001',
    ...fields,
    clip,
  );
  const media = await probe(tools, server.url(clip), statSync(clip).size, limits);
  expect(media.video).toMatchObject({ interlaced: true });
  const noted = await noteTelecine(tools, server.url(clip), media, how);
  expect(noted.video?.telecined).toBe(telecined ? true : undefined);
});
