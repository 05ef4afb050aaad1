import * as aws from '@pulumi/aws';
import { describe, expect, it } from 'vitest';
import { taggable } from '../../../infra/tags.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

/** Has tags of another shape, which the component sets itself. */
const leftAlone = new Set(['aws:autoscaling/group:Group']);

/** Whether the class of a type, such as `aws:sqs/queue:Queue`, takes tags. */
function takesTags(type: string): boolean {
  const [, path = '', name = ''] = type.split(':');
  const modules = aws as unknown as Record<string, Record<string, unknown> | undefined>;
  return /resourceInputs\["tags"\]/.test(String(modules[path.split('/')[0] ?? '']?.[name]));
}

describe('tags', () => {
  const everything = bareStack({
    ...allCredentials,
    tags: '["team=video"]',
    compute: 'gpu',
    delivery: 'cdn',
    githubRepository: 'you/films',
    monthlyBudget: '10',
    alertEmail: 'ada@example.com',
  });

  it('are on everything that takes them: the stack and the owner’s own', async () => {
    const farm = await recordFarm(everything);
    for (const { type, name, inputs } of farm.resources.filter(({ type }) => taggable.has(type))) {
      expect(inputs.tags, `${type} ${name}`).toMatchObject({ 'transcode-farm': 'test', team: 'video' });
    }
    const { tags } = farm.resource('aws:autoscaling/group:Group').inputs;
    expect(tags).toContainEqual(expect.objectContaining({ key: 'team', value: 'video' }));
  });

  it('leave out no type that could have them', async () => {
    const farms = [await recordFarm(everything), await recordFarm(bareStack())];
    const types = new Set(farms.flatMap(({ resources }) => resources.map(({ type }) => type)));
    const could = [...types].filter(
      (type) => type.startsWith('aws:') && takesTags(type) && !leftAlone.has(type),
    );
    expect(could.filter((type) => !taggable.has(type))).toEqual([]);
    expect([...taggable].filter((type) => !takesTags(type))).toEqual([]);
  });
});
