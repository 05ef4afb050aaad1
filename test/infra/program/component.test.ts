import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { TranscodeFarm } from '../../../infra/farm.ts';
import type { TranscodeFarmArgs } from '../../../infra/settings/args.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const make = (args: TranscodeFarmArgs) => record(() => new TranscodeFarm('films', args));

describe('a farm in an owner’s program', () => {
  it('needs no arguments', async () => {
    const { result } = await record(() => new TranscodeFarm('films'));
    expect(await promiseOf(result.maxTasks)).toBe(3);
    expect(await promiseOf(result.uploadsStartJobs)).toBe(true);
  });

  it('takes typed arguments, and outputs of other resources', async () => {
    const farm = await make({
      compute: 'gpu',
      maxTasks: 5,
      instanceTypes: ['g6.xlarge'],
      sourceBucket: pulumi.output('my-uploads'),
      vpcId: pulumi.output('vpc-1'),
      subnetIds: pulumi.output(['subnet-1', 'subnet-2']),
      webhookUrl: 'https://www.example.com/hooks/films',
      webhookSecret: pulumi.secret('whsec_c2VzYW1lLXdlYmhvb2stc2VzYW1lLXdlYmhvb2s='),
    });
    expect(farm.resource('aws:autoscaling/group:Group').inputs).toMatchObject({
      maxSize: 5,
      vpcZoneIdentifiers: ['subnet-1', 'subnet-2'],
    });
    expect(farm.resourcesOf('awsx:ec2:Vpc')).toEqual([]);
    expect(farm.resource('aws:s3/bucketNotification:BucketNotification').inputs.bucket).toBe('my-uploads');
    const secret = farm.resource('aws:ssm/parameter:Parameter', 'films-webhook-secret');
    expect(secret).toMatchObject({ secretPaths: ['value'], inputs: { type: 'SecureString' } });
  });

  it('rejects wrong arguments together, in the words of a program', async () => {
    await expect(make({ storage: 's4', maxTasks: 0 })).rejects.toThrow(
      [
        '2 settings are invalid (docs/configuration.md describes them all):',
        '  storage is "s4": expected s3, r2 or wasabi.',
        '    storage: "s3"',
        '  maxTasks is "0": expected a whole number from 1 to 100.',
        '    maxTasks: 1',
      ].join('\n'),
    );
  });

  it.each(['Films', 'a-name-of-21-letters-', 'a-name-of-21-letters1', 'films_2', '2films'])(
    'rejects the name "%s", which AWS would not take everywhere',
    async (name) => {
      await expect(record(() => new TranscodeFarm(name))).rejects.toThrow('expected a name of at most 20');
    },
  );

  it('gives the owner’s other resources no tags', async () => {
    const program = await record(() => {
      new TranscodeFarm('films', { tags: ['team=video'] });
      return new pulumi.ComponentResource('my:own:Thing', 'thing');
    });
    const queue = program.resource('aws:sqs/queue:Queue', 'films-jobs').inputs;
    expect(queue.tags).toEqual({ 'transcode-farm': 'test', team: 'video' });
    expect(program.resource('my:own:Thing').inputs).toEqual({});
  });

  it('puts the name of the longest farm into names that AWS takes', async () => {
    const farm = await record(
      () => new TranscodeFarm('a-farm-of-20-letters', { compute: 'gpu', githubRepository: 'a/b' }),
    );
    for (const { type, name, inputs } of farm.resources) {
      if (/iam\/role:|lambda\/function:/.test(type)) expect(name.length, name).toBeLessThanOrEqual(64 - 8);
      if (inputs.bucketPrefix) expect(String(inputs.bucketPrefix).length).toBeLessThanOrEqual(37);
    }
  });
});

describe('two farms in one program', () => {
  const build = () =>
    record(() => [
      new TranscodeFarm('films', { compute: 'gpu', monthlyBudget: 10, alertEmail: 'ada@example.com' }),
      new TranscodeFarm('trailers', { compute: 'gpu', monthlyBudget: 10, alertEmail: 'ada@example.com' }),
    ]);

  it('have no resource in common', async () => {
    const { resources } = await build();
    const urns = resources.map(({ urn }) => urn);
    expect(new Set(urns).size).toBe(urns.length);
    const of = (farm: string) => resources.filter(({ name }) => name.startsWith(farm)).length;
    expect(of('films')).toBe(of('trailers'));
    expect(of('films') + of('trailers')).toBe(resources.length);
  });

  it('share no name in the account', async () => {
    const { resources } = await build();
    const named = resources.flatMap(({ type, inputs }) => {
      const name = inputs.name ?? inputs.family ?? inputs.dashboardName;
      return name === undefined ? [] : [`${type} ${name}`];
    });
    expect(named.length).toBeGreaterThanOrEqual(4);
    expect(new Set(named).size).toBe(named.length);
    const namespaces = resources
      .filter(({ type }) => type === 'aws:ecs/taskDefinition:TaskDefinition')
      .map(
        ({ inputs }) =>
          /"METRICS_NAMESPACE","value":"([^"]+)"/.exec(String(inputs.containerDefinitions))?.[1],
      );
    expect(namespaces).toEqual(['transcode-farm/test/films', 'transcode-farm/test/trailers']);
  });

  it('may not reach each other’s queues', async () => {
    const recording = await build();
    const worker = statementsOf(recording).filter(({ at }) => at.endsWith(' films-worker-task'));
    expect(worker.length).toBeGreaterThan(3);
    expect(JSON.stringify(worker)).not.toContain('trailers');
  });
});
