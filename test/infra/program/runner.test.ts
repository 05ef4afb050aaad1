import { describe, expect, it } from 'vitest';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { runAsPulumi } from '../../helpers/program/pulumi-runner.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

describe("under Pulumi's own runner", () => {
  it.each([
    ['Pulumi.dev.yaml', loadStack('Pulumi.dev.yaml')],
    ['stacks/match-footage.yaml', loadStack('stacks/match-footage.yaml')],
    ['stacks/movie-site.yaml', loadStack('stacks/movie-site.yaml')],
  ])('%s loads as a preview, with the resources that it has under mocks', async (_file, stack) => {
    const run = await runAsPulumi(stack);
    expect(run).toMatchObject({ status: 0, complaints: '' });
    const { resources, result } = await recordFarm(stack);
    const expected = resources.map(({ type, name }) => `${type} ${name}`);
    const stackResource = `pulumi:pulumi:Stack transcode-farm-${stack.stack}`;
    expect(run.resources.sort()).toEqual([...expected, stackResource].sort());
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(result).sort());
  });

  it('ends with every mistake of the config, and without a stack trace', async () => {
    const run = await runAsPulumi(bareStack({ storage: 's4', maxTasks: '0' }));
    expect(run.status).not.toBe(0);
    expect(run.complaints).toContain('2 settings are invalid');
    expect(run.complaints).toContain('pulumi config set storage s3');
    expect(run.complaints).not.toMatch(/^\s+at /m);
    expect(run.resources).toEqual(['pulumi:pulumi:Stack transcode-farm-test']);
  });
});
