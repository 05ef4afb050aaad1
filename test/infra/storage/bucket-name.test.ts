import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketPrefix } from '../../../infra/storage/bucket-name.ts';
import { record } from '../../helpers/program/pulumi.ts';

const nameOn = async (stack: string) => (await record(() => bucketPrefix('farm-output'), { stack })).result;

describe('the name of a bucket', () => {
  it('says project, stack, farm and use', async () => {
    expect(await nameOn('dev')).toBe('transcode-farm-dev-farm-output-');
    expect(await nameOn('Ada_Test.2')).toBe('transcode-farm-ada-test-farm-output-');
  });

  it('begins one that S3 takes, with room for a random end, whatever the stack is called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/), async (stack) => {
        const name = await nameOn(stack);
        expect(name).toMatch(/^[a-z0-9][a-z0-9-]*-output-$/);
        expect(name.length).toBeLessThanOrEqual(37); // the AWS provider's limit of a prefix
      }),
      { numRuns: 30 },
    );
  });
});
