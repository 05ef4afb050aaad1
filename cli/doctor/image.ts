import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { attempt, type Finding, notAsked, ok } from './finding.ts';

const ecrUri =
  /^(?<registryId>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/(?<repository>[^@:]+)(@(?<digest>sha256:[0-9a-f]{64})|:(?<tag>.+))$/;

/** Whether the image that tasks start from is there. */
export async function checkImage(ecr: ECRClient, image: string): Promise<Finding> {
  const { registryId, repository, digest, tag } = ecrUri.exec(image)?.groups ?? {};
  if (!registryId) return notAsked('image', `${image} is in a registry that is not ECR`);
  const fix = 'Run "pulumi up": it builds and pushes the image. Without it no task starts.';
  return attempt('image', fix, async () => {
    const { imageDetails } = await ecr.send(
      new DescribeImagesCommand({
        registryId,
        repositoryName: repository,
        imageIds: [digest ? { imageDigest: digest } : { imageTag: tag }],
      }),
    );
    const found = imageDetails?.[0];
    const pushed = found?.imagePushedAt?.toISOString().slice(0, 10) ?? 'some day';
    const megabytes = Math.round((found?.imageSizeInBytes ?? 0) / 1e6);
    return ok('image', `${repository} is there, ${megabytes} MB, pushed on ${pushed}`);
  });
}
