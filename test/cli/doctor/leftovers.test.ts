import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { expect, it } from 'vitest';
import { deleteCommand, leftoversOf, listTagged, stackIds } from '../../../cli/doctor/leftovers.ts';
import { startAwsAnswers } from '../../helpers/program/aws-answers.ts';

const at = 'eu-central-1:123456789012';
const tagged = (arn: string, tags: Record<string, string> = {}) => ({ arn, tags });

it('lists what carries the tag of the stack', async () => {
  await using aws = await startAwsAnswers({
    GetResources: {
      ResourceTagMappingList: [
        { ResourceARN: `arn:aws:sqs:${at}:jobs-1`, Tags: [{ Key: 'transcode-farm', Value: 'prod' }] },
      ],
    },
  });
  const client = new ResourceGroupsTaggingAPIClient({ ...aws.client, maxAttempts: 1 });
  expect(await listTagged(client, 'prod')).toEqual([
    tagged(`arn:aws:sqs:${at}:jobs-1`, { 'transcode-farm': 'prod' }),
  ]);
  expect(aws.asked[0]).toMatchObject({ TagFilters: [{ Key: 'transcode-farm', Values: ['prod'] }] });
});

it('offers no command that deletes a bucket which the farm once made and now uses by its name', () => {
  const ids = stackIds(
    JSON.stringify({
      deployment: {
        resources: [
          { type: 'pulumi:pulumi:Stack', outputs: { sourceBucket: 'uploads-1', outputBucket: 'films-1' } },
        ],
      },
    }),
  );
  const buckets = ['uploads-1', 'films-1', 'films-0'].map((name) => tagged(`arn:aws:s3:::${name}`));
  expect(leftoversOf(buckets, ids)).toEqual(['arn:aws:s3:::films-0']);
});

it('leaves out what the stack contains, by ARN, name or id', () => {
  const ids = stackIds(
    JSON.stringify({
      deployment: {
        resources: [
          {
            id: `https://sqs.eu-central-1.amazonaws.com/123456789012/jobs-1`,
            outputs: { arn: `arn:aws:sqs:${at}:jobs-1` },
          },
          { id: 'vpc-0a' },
          { id: 'worker-7f', outputs: { arn: `arn:aws:logs:${at}:log-group:worker-7f` } },
          { id: 'films-1' },
          { id: 'worker', outputs: { arn: `arn:aws:ecs:${at}:task-definition/farm-prod-worker:4` } },
        ],
      },
    }),
  );
  const leftovers = leftoversOf(
    [
      tagged(`arn:aws:sqs:${at}:jobs-1`),
      tagged(`arn:aws:sqs:${at}:jobs-old`),
      tagged(`arn:aws:ec2:${at}:vpc/vpc-0a`),
      tagged(`arn:aws:ec2:${at}:vpc/vpc-0b`),
      tagged(`arn:aws:logs:${at}:log-group:worker-7f:*`),
      tagged('arn:aws:s3:::films-1'),
      tagged('arn:aws:s3:::films-0'),
      tagged(`arn:aws:ecs:${at}:task-definition/farm-prod-worker:3`),
      tagged(`arn:aws:ecs:${at}:task/farm/0f`),
      tagged(`arn:aws:ec2:${at}:instance/i-1`, { 'aws:autoscaling:groupName': 'gpu-1' }),
    ],
    ids,
  );
  expect(leftovers).toEqual([
    `arn:aws:ec2:${at}:vpc/vpc-0b`,
    'arn:aws:s3:::films-0',
    `arn:aws:sqs:${at}:jobs-old`,
  ]);
});

it('names the command that deletes a leftover', () => {
  const commands = [
    'arn:aws:s3:::films-0',
    `arn:aws:sqs:${at}:jobs-old`,
    `arn:aws:ec2:${at}:vpc/vpc-0b`,
    `arn:aws:logs:${at}:log-group:worker-7f`,
    `arn:aws:ecs:${at}:service/farm/worker`,
    `arn:aws:ssm:${at}:parameter/transcode-farm/prod/DATABASE_URL`,
    `arn:aws:lambda:${at}:function:scaling-waker-1`,
  ].map(deleteCommand);
  expect(commands).toEqual([
    'aws s3 rb s3://films-0 --force',
    'aws sqs delete-queue --queue-url https://sqs.eu-central-1.amazonaws.com/123456789012/jobs-old --region eu-central-1',
    'aws ec2 delete-vpc --vpc-id vpc-0b --region eu-central-1',
    'aws logs delete-log-group --log-group-name worker-7f --region eu-central-1',
    'aws ecs delete-service --force --cluster farm --service worker --region eu-central-1',
    'aws ssm delete-parameter --name /transcode-farm/prod/DATABASE_URL --region eu-central-1',
    'aws lambda delete-function --function-name scaling-waker-1 --region eu-central-1',
  ]);
  expect(deleteCommand('arn:aws:unknown:eu-central-1:1:thing/x')).toBeUndefined();
});
