import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { Jobs } from '../../../infra/jobs/jobs.ts';
import { Parts, PartsSenders } from '../../../infra/jobs/parts.ts';
import { parsePolicy } from '../../helpers/program/policies.ts';
import { promiseOf, type Recording, record } from '../../helpers/program/pulumi.ts';

const args = { visibilityTimeoutSeconds: 120, retentionDays: 4 };
const workerRoleArn = 'arn:aws:iam::123456789012:role/worker-task-0a1b2c3';

describe('Parts', () => {
  let parts: Recording<Parts>;
  let jobs: Recording<Jobs>;
  beforeAll(async () => {
    parts = await record(() => {
      const made = new Parts('parts', args);
      new PartsSenders('parts', { queue: made.queue, workerRoleArns: [workerRoleArn] });
      return made;
    });
    jobs = await record(() => new Jobs('jobs', { ...args, senderBucketArns: [] }));
  });

  it.each([
    'aws:sqs/queue:Queue',
    'aws:sqs/redrivePolicy:RedrivePolicy',
    'aws:sqs/redriveAllowPolicy:RedriveAllowPolicy',
  ])('keeps, hides and gives up its messages as the jobs queue does: %s', (type) => {
    const asJobs = parts
      .resourcesOf(type)
      .map(({ inputs }) => JSON.parse(JSON.stringify(inputs).replaceAll('parts', 'jobs')));
    expect(asJobs.length).toBeGreaterThan(0);
    expect(asJobs).toEqual(jobs.resourcesOf(type).map(({ inputs }) => inputs));
  });

  it('is reached by no topic', () => {
    expect(parts.resources.filter(({ type }) => type.includes('sns'))).toEqual([]);
  });

  it('takes messages from the workers alone, and over TLS alone', () => {
    const { policy } = parts.resource('aws:sqs/queuePolicy:QueuePolicy', 'parts').inputs;
    expect(parsePolicy(String(policy))).toMatchObject([
      {
        effect: 'Deny',
        principal: '*',
        actions: ['sqs:SendMessage'],
        condition: { ArnNotEquals: { 'aws:PrincipalArn': workerRoleArn } },
      },
      { effect: 'Deny', principal: '*', condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('lets a worker ask for help and give it, and nothing with the dead letters', async () => {
    expect(await promiseOf(pulumi.output(parts.result.statements))).toEqual([
      {
        Sid: 'ShareParts',
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:SendMessage'],
        Resource: [expect.stringMatching(/:parts-0a1b2c3$/)],
      },
    ]);
  });
});
