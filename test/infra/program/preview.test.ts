import { describe, expect, it } from 'vitest';
import { loadStack, stackFiles } from '../../../tools/program-run/stacks.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { natureOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const stacks = [
  ...stackFiles.map((file) => ({ name: file, stack: loadStack(file) })),
  { name: 'CloudFront', stack: bareStack({ delivery: 'cdn' }) },
  {
    name: 'R2 at a domain of its own',
    stack: bareStack({
      ...allCredentials,
      storage: 'r2',
      delivery: 'cdn',
      deliveryDomain: 'v.example.com',
      cloudflareZoneId: 'f'.repeat(32),
    }),
  },
];

describe('pulumi preview, where nothing is known yet', () => {
  it.each(stacks)('registers the same resources as an update: $name', async ({ stack }) => {
    const preview = await recordFarm(stack, { preview: true });
    const update = await recordFarm(stack);
    const names = ({ resources }: typeof update) =>
      resources.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(preview)).toEqual(names(update));
    expect(await natureOf(preview.result.queueUrl)).toEqual({ isKnown: false, isSecret: false });
  });
});
