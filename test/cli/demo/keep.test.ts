import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { farmCommand, startFarmCommand } from '../../helpers/local-farm/farm-command.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

it('keeps the farm for the other commands, and takes its address away at the end', async () => {
  await using folder = await temporaryFolder();
  const film = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', '-preset', 'ultrafast'];
  await ffmpeg(...film, join(folder.path, 'one.mp4'));
  const demo = startFarmCommand(folder.path, ['demo', 'one.mp4', '--keep']);
  await until(() => demo.output.stdout.includes('running for the other commands'), 'the farm', 60);

  const { jobs, total } = (await farmCommand(folder.path, ['jobs', '--json'])).json<{
    jobs: JobState[];
    total: number;
  }>();
  expect(total).toBe(1);
  const [job] = jobs;
  const status = await farmCommand(folder.path, ['status', job?.id ?? '']);
  expect(status.code).toBe(0);
  expect(status.stdout).toContain(`${job?.id}/index.m3u8`);
  expect((await farmCommand(folder.path, ['status', 'nope'])).stderr).toContain('No job named "nope"');
  const seen = await farmCommand(folder.path, ['watch', '--once']);
  expect(seen.stdout).toContain('0 queued  ·  0 running');
  expect(seen.stdout).toContain(job?.id);
  const failed = await farmCommand(folder.path, ['jobs', '--state', 'failed']);
  expect(failed.stdout).toBe('');

  demo.child.kill('SIGINT');
  expect((await demo.ended).code).toBe(130);
  await expect(readFile(join(folder.path, 'state', 'transcode-farm', 'local.json'))).rejects.toThrow(
    'ENOENT',
  );
}, 120_000);

it('does not both keep and exit', async () => {
  await using folder = await temporaryFolder();
  const ended = await farmCommand(folder.path, ['demo', '--keep', '--exit']);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toBe('--keep goes on where --exit ends; give one of them.\n');
}, 30_000);
