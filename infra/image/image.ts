import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as aws from '@pulumi/aws';
import * as awsx from '@pulumi/awsx';
import * as pulumi from '@pulumi/pulumi';
import type { Architecture } from '../compute/worker-function.ts';
import { once } from '../once.ts';
import { policyDocument } from '../policy.ts';
import type { WorkerTexts } from '../settings/worker.ts';
import { hashOfContext } from './context.ts';

/** The worker's image is built from the repository's root, for its lock file. */
const root = new URL('../..', import.meta.url);

/**
 * awsx names the build by its tag, so a new image removes the build before it from the stack; and a build's deletion deletes its manifest,
 * which tasks of the revision before still name. The repository's lifecycle rule clears away old images instead.
 * Sources: awsx/ecr/image.ts of pulumi-awsx; provider/internal/image.go of pulumi-docker-build (`Delete`).
 */
export const keepOldImages: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === 'docker-build:index:Image' ? { props, opts: { ...opts, retainOnDelete: true } } : undefined;

/** Images kept for going back to; each task names its own by digest. */
const imagesKept = 10;

/** The worker's image as it is built from this folder: the tag follows from what Docker is sent. */
export function workerTag(architecture: Architecture, measuresVmaf = false): string {
  const suffixes = [architecture === 'arm64' ? '-arm64' : '', measuresVmaf ? '-vmaf' : ''];
  return `${contextHash()}${suffixes.join('')}`;
}

/** It reads some hundred files. */
const contextHash = once(() => hashOfContext(root));

/** Then there is a second ffmpeg in the image, which measures: 68 MB. */
export function needsVmaf({ MEASURE, PER_FILM_QUALITY }: WorkerTexts): boolean {
  return MEASURE === 'vmaf' || PER_FILM_QUALITY === 'true';
}

export interface WorkerImageArgs {
  /** Of the machines that run it. @default x86_64 */
  architecture?: Architecture;
  /** The image that runs in place of one that is built here, by digest. @default build it */
  existing?: pulumi.Input<string> | undefined;
  /** A Lambda function runs it. */
  isFunction?: boolean;
  /** Whether workers measure VMAF. @default false */
  measuresVmaf?: boolean;
}

/**
 * The worker's image: a private repository, and the build of `worker/Dockerfile` pushed to it.
 *
 * One manifest without attestations, as Lambda refuses an index of several: docker-build leaves the provenance out that buildx adds
 * by default (provider/internal/client.go of pulumi-docker-build).
 *
 * The tag follows from what is built, so a second `pulumi up` without a change builds nothing. Docker must run here; `existing` does without.
 * The repository is there all the same: a farm that goes over to an existing image may have to go back to one that was built, whose tasks ECS
 * starts again where those of the new image do not stay up. An empty repository costs nothing.
 *
 * Cost: $0.10 a GB and month for what is stored; the first 500 MB are free in an account's first year.
 */
export class WorkerImage extends pulumi.ComponentResource {
  /** Names the image by digest. */
  readonly uri: pulumi.Output<string>;
  /** Where images are that were built here. */
  readonly repositoryArn: pulumi.Output<string>;
  /** What a function of this image must wait for. */
  readonly access: aws.ecr.RepositoryPolicy | undefined;

  constructor(name: string, args: WorkerImageArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:image:WorkerImage', name, {}, { ...opts, transforms: [keepOldImages] });
    const { architecture = 'x86_64', isFunction = false, measuresVmaf = false, existing } = args;
    const repository = createRepository(this, name);
    this.uri = existing
      ? pulumi.output(existing)
      : buildImage(this, name, repository, {
          folder: fileURLToPath(root),
          dockerfile: 'worker/Dockerfile',
          tag: workerTag(architecture, measuresVmaf),
          architecture,
          ...(measuresVmaf ? { args: { MEASURE: 'vmaf' } } : {}),
        });
    this.repositoryArn = repository.repository.arn;
    if (isFunction) this.access = letLambdaPull(this, name, repository);
    this.registerOutputs({ uri: this.uri, repositoryArn: this.repositoryArn });
  }
}

export interface BuildArgs {
  /** What Docker is sent. */
  folder: string;
  /** In the folder. */
  dockerfile: string;
  /** Follows from what is built. */
  tag: string;
  /** Of the machines that run it. @default x86_64 */
  architecture?: Architecture;
  /** For the Dockerfile. */
  args?: Record<string, string>;
}

/** A private repository, which keeps the last images. */
export function createRepository(parent: pulumi.ComponentResource, name: string): awsx.ecr.Repository {
  return new awsx.ecr.Repository(
    name,
    {
      // Going back builds an older commit again, with other bytes: an immutable tag would refuse them. Tasks name digests.
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      forceDelete: true, // what it holds can be built again, and would keep `pulumi destroy` from going through
      lifecyclePolicy: {
        rules: [
          { description: `The last ${imagesKept}`, tagStatus: 'any', maximumNumberOfImages: imagesKept },
        ],
      },
    },
    { parent },
  );
}

/** An image that is built and pushed to a repository. @returns its name, by digest */
export function buildImage(
  parent: pulumi.ComponentResource,
  name: string,
  repository: awsx.ecr.Repository,
  { folder, dockerfile, tag, architecture = 'x86_64', args }: BuildArgs,
): pulumi.Output<string> {
  // From where the program runs, so that the path is the same on every machine.
  const context = relative(process.cwd(), folder) || '.';
  const image = new awsx.ecr.Image(
    name,
    {
      repositoryUrl: repository.url,
      context,
      dockerfile: join(context, dockerfile),
      platform: architecture === 'arm64' ? 'linux/arm64' : 'linux/amd64',
      imageTag: tag,
      ...(args && { args }),
    },
    { parent },
  );
  return image.imageUri;
}

/** Lambda itself pulls, when the function is made and later again: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions */
function letLambdaPull(
  parent: WorkerImage,
  name: string,
  { repository }: awsx.ecr.Repository,
): aws.ecr.RepositoryPolicy {
  const account = aws.getCallerIdentityOutput({}, { parent }).accountId;
  const region = aws.getRegionOutput({}, { parent }).region;
  const pull = {
    Sid: 'LambdaPulls',
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Condition: {
      ArnLike: { 'aws:SourceArn': pulumi.interpolate`arn:aws:lambda:${region}:${account}:function:*` },
    },
  };
  return new aws.ecr.RepositoryPolicy(
    name,
    { repository: repository.name, policy: policyDocument([pull]) },
    { parent },
  );
}
