import { describe, expect, it } from 'vitest';
import { ecrRepositoryArn } from '../../../infra/compute/roles.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe("an image's repository in ECR", () => {
  it.each([
    [
      `123456789012.dkr.ecr.eu-west-1.amazonaws.com/farm/worker@${digest}`,
      'arn:aws:ecr:eu-west-1:123456789012:repository/farm/worker',
    ],
    [
      '123456789012.dkr.ecr.us-east-1.amazonaws.com/worker:v1',
      'arn:aws:ecr:us-east-1:123456789012:repository/worker',
    ],
    [
      `123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/worker@${digest}`,
      'arn:aws-cn:ecr:cn-north-1:123456789012:repository/worker',
    ],
    [
      `123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/worker@${digest}`,
      'arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/worker',
    ],
  ])('of %s is %s', (image, arn) => {
    expect(ecrRepositoryArn(image)).toBe(arn);
  });

  it.each([
    `ghcr.io/somebody/worker@${digest}`,
    `public.ecr.aws/somebody/worker@${digest}`,
    `123456789012.dkr.ecr.us-east-1.amazonaws.com.example.org/worker@${digest}`,
  ])('is none for %s', (image) => {
    expect(ecrRepositoryArn(image)).toBeUndefined();
  });
});
