import { expect, it } from 'vitest';
import { validateClock } from '../../../cli/doctor/clock.ts';
import { type Finding, failed, notAsked, ok, warning } from '../../../cli/doctor/finding.ts';
import { checkPrograms, type RunProgram } from '../../../cli/doctor/programs.ts';
import { validateQuota, wantsOf } from '../../../cli/doctor/quotas.ts';
import { findingLines, summary } from '../../../cli/doctor/text.ts';
import { validateService } from '../../../cli/doctor/workers.ts';
import type { Deployed } from '../../../cli/farm/deployed.ts';
import { plainStyle } from '../../../cli/text/style.ts';
import { farmCommand } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

const gpu: Deployed = {
  compute: 'gpu',
  ...{ image: '', environment: {}, secretParameters: {}, task: { cpuUnits: 4096, memoryMib: 14_336 } },
  ...{ spot: true, onDemandBase: 1, most: 3 },
  instanceTypes: ['g4dn.2xlarge', 'g4dn.xlarge', 'unheard.of'],
};

it('wants of each market what the group may start there', () => {
  const sizes = { smallest: 4, preferred: 8 };
  expect(wantsOf(gpu)).toEqual([
    { market: 'on demand', ...sizes, most: 1 },
    { market: 'spot', ...sizes, most: 2 },
  ]);
  expect(wantsOf({ ...gpu, spot: false })).toEqual([{ market: 'on demand', ...sizes, most: 3 }]);
});

it('wants on Fargate the vCPUs of as many tasks as there may be, and of one where the number is unknown', () => {
  const { instanceTypes: _, ...common } = gpu;
  const fargate: Deployed = { ...common, compute: 'fargate', task: { cpuUnits: 2048, memoryMib: 4096 } };
  const sizes = { smallest: 2, preferred: 2 };
  expect(wantsOf({ ...fargate, onDemandBase: 0 })).toEqual([{ market: 'spot', ...sizes, most: 3 }]);
  expect(wantsOf(fargate)).toEqual([
    { market: 'on demand', ...sizes, most: 1 },
    { market: 'spot', ...sizes, most: 2 },
  ]);
  expect(wantsOf({ ...fargate, onDemandBase: 0, most: undefined })).toEqual([{ market: 'spot', ...sizes }]);
  expect(wantsOf({ ...fargate, spot: false, onDemandBase: 0, most: undefined })).toEqual([
    { market: 'on demand', ...sizes },
  ]);
});

it('fails where no worker could start, warns where not all could, and says how to ask for more', () => {
  const asked = { name: 'quota, spot', of: 'G', service: 'ec2', code: 'L-3819A6DF', isDeployed: true };
  const want = { market: 'spot' as const, smallest: 4, preferred: 8, most: 2 };
  expect(validateQuota(asked, want, 0)).toMatchObject({
    state: 'failed',
    fix: 'Ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-3819A6DF --desired-value 16',
  });
  expect(validateQuota({ ...asked, isDeployed: false }, want, 0).state).toBe('warning');
  expect(validateQuota(asked, want, 8)).toMatchObject({
    state: 'warning',
    why: '8 vCPU of G: room for 1 of 2 workers of 8',
  });
  expect(validateQuota(asked, want, 16).state).toBe('ok');
});

it('warns of a clock that is off, and fails where signatures are refused', () => {
  const date = 'Thu, 26 Nov 2026 12:00:00 GMT';
  const at = (seconds: number) => validateClock(date, Date.parse(date) + seconds * 1000);
  expect([0, -20, 31, -120, 901, -5000].map((seconds) => at(seconds).state)).toEqual([
    ...['ok', 'ok', 'warning', 'warning', 'failed', 'failed'],
  ]);
  expect(at(-120).why).toContain('2 min 00 s behind');
  expect(validateClock(null, 0).state).toBe('not asked');
});

it('reports a deployment that failed, a farm that sleeps, and tasks that do not come', () => {
  const failure = {
    status: 'PRIMARY',
    rolloutState: 'FAILED',
    rolloutStateReason: 'circuit breaker',
  } as const;
  expect(validateService({ deployments: [failure] })).toMatchObject({
    state: 'failed',
    why: expect.stringMatching(/circuit breaker/),
  });
  expect(validateService({ desiredCount: 0 })).toMatchObject({
    state: 'ok',
    why: expect.stringMatching(/sleeps/),
  });
  expect(validateService({ desiredCount: 2, runningCount: 2 }).state).toBe('ok');
  const events = [{ message: 'unable to place a task' }];
  expect(validateService({ desiredCount: 2, runningCount: 1, events })).toMatchObject({
    state: 'warning',
    why: expect.stringMatching(/1 of 2 run; ECS says: unable to place a task/),
  });
});

it('checks the programs of this machine, the Docker daemon and buildx', async () => {
  const missing = Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' });
  const run: RunProgram = async (program, args) => {
    if (program === 'pulumi') throw missing;
    if (program === 'docker') throw Object.assign(new Error('x'), { stderr: 'warning\nCannot connect\n' });
    return args.includes('-encoders') ? ' V....D h264_nvenc   NVENC' : 'ffmpeg version 7.1 Copyright';
  };
  const byName = async (isLocal: boolean, workerImage?: string, start = run) =>
    Object.fromEntries(
      (await checkPrograms(start, { isLocal, workerImage })).map((finding) => [finding.name, finding]),
    );
  expect(await byName(false)).toMatchObject({
    node: { state: 'ok' },
    ffmpeg: { state: 'warning', why: '7.1 has no libx264' },
    pulumi: { state: 'warning', why: 'pulumi is not on the PATH' },
    docker: { state: 'warning', why: 'docker says: Cannot connect' },
  });
  expect(await byName(true)).toMatchObject({
    docker: { state: 'not asked' },
    pulumi: { state: 'not asked' },
  });
  // A ready image is not built here.
  expect(await byName(false, 'ghcr.io/you/worker@sha256:0')).toMatchObject({
    docker: { state: 'not asked' },
  });
  const withoutBuildx: RunProgram = async (_, args) => {
    if (args[0] === 'buildx') throw Object.assign(new Error('x'), { stderr: 'docker: no such command\n' });
    return '27.1.0';
  };
  expect(await byName(false, undefined, withoutBuildx)).toMatchObject({
    docker: { state: 'warning', fix: expect.stringContaining('Install buildx') },
  });
});

it.each([
  ['linux/arm64, linux/arm/v7', 'warning'],
  ['linux/arm64, linux/amd64', 'ok'],
])('the Docker of a machine that builds for %s is %s, as the workers are x86', async (platforms, state) => {
  const run: RunProgram = async (_program, args) => {
    if (args[1] === 'inspect') return `Name: default\nDriver: docker\nPlatforms: ${platforms}\n`;
    return args[0] === 'buildx' ? 'github.com/docker/buildx v0.29.1 abc' : '29.1.0';
  };
  const findings = await checkPrograms(run, { isLocal: false });
  const docker = findings.find(({ name }) => name === 'docker');
  expect(docker?.state).toBe(state);
  if (state === 'warning') expect(docker?.fix).toContain('tonistiigi/binfmt --install amd64');
});

it.each([
  ['4.4.2-0ubuntu0.22.04.1', /^ffmpeg 4\.4\.2\S* \("ffmpeg"\) is too old: the farm needs 5\.1 to 9\.0/],
  ['10.0', /^ffmpeg 10\.0 is newer than the farm knows/],
])('warns of ffmpeg %s, which the farm is not tested with', async (version, why) => {
  const run: RunProgram = async (_, args) =>
    args.includes('-encoders') ? ' V....D libx264   H.264' : `ffmpeg version ${version} Copyright`;
  const findings = await checkPrograms(run, { isLocal: true });
  expect(findings.find(({ name }) => name === 'ffmpeg')).toMatchObject({
    state: 'warning',
    why: expect.stringMatching(why),
  });
});

it('shows state, name and reason in columns, the fix below, and counts them', () => {
  const findings: Finding[] = [
    ok('a', 'fine'),
    warning('b', 'hm', 'repair it'),
    notAsked('c', 'none'),
    ok('d', '\x1b[31mx'),
  ];
  expect(findings.flatMap((finding) => findingLines(finding, plainStyle))).toEqual([
    'ok         a                 fine',
    'warning    b                 hm',
    '                             fix: repair it',
    'not asked  c                 none',
    'ok         d                 x',
  ]);
  expect(summary(findings)).toBe('2 ok, 1 warning, 0 failed, 1 not asked');
  expect(summary([failed('e', '', '')])).toBe('1 failed');
});

it('asks nothing of a stack that only Pulumi knows, where there is no Pulumi', async () => {
  await using folder = await temporaryFolder();
  const env = { PATH: folder.path, AWS_EC2_METADATA_DISABLED: 'true', HOME: folder.path };
  const { json } = await farmCommand(folder.path, ['doctor', '--stack', 'dev', '--json'], env);
  const { checks } = json<{ checks: Finding[] }>();
  expect(checks.find(({ name }) => name === 'pulumi')?.state).toBe('warning');
  expect(checks.find(({ name }) => name === 'farm')?.state).toBe('not asked');
}, 40_000);

it('keeps what was seen and how to fix it in one column, whatever the longest name is', () => {
  expect(findingLines(warning('parts', 'hm', 'repair it'), plainStyle, { nameWidth: 20 })).toEqual([
    'warning    parts                 hm',
    '                                 fix: repair it',
  ]);
});

it('has what was seen below what was looked at in a narrow terminal', () => {
  expect(findingLines(warning('stack config', 'hm', 'repair it'), plainStyle, { columns: 40 })).toEqual([
    'warning    stack config',
    '  hm',
    '  fix: repair it',
  ]);
});
