import { describe, expect, it } from 'vitest';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { bareStack } from '../../helpers/program/stacks.ts';
import { runAsPulumi, withoutTypeScript } from './pulumi-runner.ts';

describe("under Pulumi's own runner", () => {
  it('says how to get Node 24 where the installed Node cannot read TypeScript either', async () => {
    const run = await runAsPulumi(loadStack('Pulumi.dev.yaml'), {
      nodeArgs: ['--experimental-strip-types', withoutTypeScript], // as the installed one is started
    });
    expect(run.status).toBe(32); // Pulumi then adds no message of its own
    expect(run.complaints).toMatch(
      /^transcode-farm needs Node 24, and the "node" on the PATH is v\d.*Run "npm install" in /,
    );
    expect(run.complaints).not.toMatch(/^\s+at /m);
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
