import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { runAsPulumi, withoutTypeScript } from './pulumi-runner.ts';

/** The daemon of this machine's Docker is not there, nor another builder. */
async function machineWithoutDocker() {
  const folder = await temporaryFolder();
  await writeFile(join(folder.path, 'docker'), '#!/bin/sh\necho "no daemon" >&2; exit 1\n', { mode: 0o755 });
  return {
    env: { PATH: `${folder.path}:${process.env.PATH}` },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("under Pulumi's own runner", () => {
  it.each([
    // Where the Node on the PATH reads no TypeScript, the installed one runs it.
    ['Pulumi.dev.yaml', 'cannot read', [withoutTypeScript]],
    ['stacks/match-footage.yaml', 'reads', []],
  ])(
    '%s loads as a preview with a Node that %s TypeScript, with the resources that it has under mocks',
    async (file, _does, nodeArgs) => {
      const stack = loadStack(file);
      const run = await runAsPulumi(stack, { nodeArgs });
      expect(run).toMatchObject({ status: 0, complaints: '' });
      const { resources, result } = await recordFarm(stack);
      const expected = resources.map(({ type, name }) => `${type} ${name}`);
      const stackResource = `pulumi:pulumi:Stack transcode-farm-${stack.stack}`;
      expect(run.resources.sort()).toEqual([...expected, stackResource].sort());
      expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(result).sort());
    },
  );

  it('ends an update before its first resource where an image has to be built and Docker does not answer', async () => {
    await using machine = await machineWithoutDocker();
    const dev = loadStack('Pulumi.dev.yaml');
    const run = await runAsPulumi(dev, { isUpdate: true, env: machine.env });
    expect(run.status).not.toBe(0);
    expect(run.resources).toEqual(['pulumi:pulumi:Stack transcode-farm-dev']);
    expect(run.complaints).toMatch(/"docker version" says: no daemon\..* Start Docker .* set workerImage/);
    expect(run.complaints).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['the account has the image', {}, { names: ['farm-worker-0a1b2c3'] }],
    [
      'the farm runs an image that is built already',
      { workerImage: `ghcr.io/you/worker@sha256:${'1'.repeat(64)}` },
      { names: [] },
    ],
  ])('an update goes on without Docker where %s', async (_why, config, repositories) => {
    await using machine = await machineWithoutDocker();
    const run = await runAsPulumi(loadStack('Pulumi.dev.yaml', config), {
      isUpdate: true,
      env: machine.env,
      answers: {
        'aws:ecr/getRepositories:getRepositories': repositories,
        'aws:ecr/getImage:getImage': { id: 'sha256:1', imageDigest: 'sha256:1' },
      },
    });
    expect(run.complaints).not.toContain('Docker');
    expect(run.resources).toContain('transcode-farm:index:TranscodeFarm farm');
  });
});

it.each([
  ['a Node that reads TypeScript', []],
  ['a Node that cannot read TypeScript', [withoutTypeScript]],
])("the component's plugin starts with %s", async (_what, nodeArgs) => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const runner = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run-plugin');
  const noEngine = '127.0.0.1:1';
  const child = spawn(process.execPath, [...nodeArgs, runner, root, noEngine], {
    cwd: tmpdir(), // whoever uses the component runs Pulumi elsewhere
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [firstOutput] = await Promise.race([once(child.stdout, 'data'), ended]);
  child.kill();
  await ended;
  expect(String(firstOutput)).toMatch(/^\d{4,5}\n$/); // its port, for the engine
});
