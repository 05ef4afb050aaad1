import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseVideo } from '../../../cli/get/arguments.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import { addressOf, farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { film } from '../../helpers/reports/job-states.ts';

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;
let id: string;
const command = (...args: string[]) => farmCommand(folder.path, [...args, '--farm', file]);

beforeAll(async () => {
  farm = await startLocalFarm({ env: { X264_PRESET: 'ultrafast' } });
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, addressOf(farm));
  const clip = join(folder.path, 'clip.mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=duration=2', '-preset', 'ultrafast', clip],
  );
  await farm.put('clip.dat', clip);
  farm.startWorker();
  id = await farm.sendJob({ source: 'clip.dat' });
  await farm.waitFor(id, 'succeeded');
}, 60_000);

afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

it('downloads the film of a job as one file with video and audio', async () => {
  const ended = await command('get', id, '-o', 'out.mp4');
  expect(ended.stderr).toBe('');
  const show = ['-v', 'error', '-show_entries', 'stream=codec_type:format=duration', '-of', 'csv=p=0'];
  const { stdout } = await promisify(execFile)('ffprobe', [...show, join(folder.path, 'out.mp4')]);
  expect(stdout.split('\n').slice(0, 2).sort()).toEqual(['audio', 'video']);
  expect(Number(stdout.split('\n')[2])).toBeCloseTo(2, 0);
  expect((await command('get', id, '-o', 'out.mp4')).stderr).toContain('exists. Give another file');
}, 60_000);

it('names the renditions of a film when another is asked for', () => {
  expect(() => chooseVideo(film.renditions, '720p')).toThrow('Use 1080p.');
  expect(chooseVideo(film.renditions, undefined)?.name).toBe('1080p');
});

it('adds files to a film that is published, and says where they lie', async () => {
  const added = await command('add', id, 'mp4', 'm4a', '--wait');
  expect(added.code).toBe(0);
  expect(added.stdout).toMatch(/file +240p\.mp4, .+ kB, .+\/files\/240p\.mp4/);
  expect(added.stdout).toMatch(/file +audio-0\.m4a/);
  const files = (await farm.keys(`${id}/`)).filter((key) => key.includes('/files/'));
  expect(files.map((key) => key.split('/').at(-1))).toEqual(['240p.mp4', 'audio-0.m4a']);
  const unknown = await command('add', id, 'avi');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/^"avi" is not a file that can be made\. Use mp4, webm, m4a/);
  const stream = await command('add', id, 'mp4,hls');
  expect(stream.stderr).toMatch(/^"hls" is the stream, which the film has\./);
}, 60_000);

it('shows which farm commands use, and why', async () => {
  const { stdout } = await command('config');
  expect(stdout).toContain(`file ${file}, by --farm`);
  expect(stdout).toContain(farm.outputBucket);
}, 20_000);

it('deletes the film of a job only with --yes, and keeps the source', async () => {
  expect((await command('delete', id)).stdout).toContain('Add --yes');
  expect((await farm.keys(`${id}/`)).length).toBeGreaterThan(3);
  const { queuedAt } = await farm.waitFor(id, 'succeeded');
  const entry = new JobIndex('').key(id, new Date(queuedAt));
  expect(await farm.keys('_index/')).toContain(entry);
  expect((await command('delete', id, '--yes')).stdout).toMatch(/^Deleted \d+ objects/);
  expect(await farm.keys(`${id}/`)).toEqual([]);
  expect(await farm.keys('_index/')).not.toContain(entry);
  const again = await command('delete', id, '--yes');
  expect(again.stderr).toContain(`No job named "${id}"`);
  expect(again.code).toBe(1);
}, 60_000);
