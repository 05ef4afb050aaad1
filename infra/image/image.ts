import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as awsx from '@pulumi/awsx';
import * as pulumi from '@pulumi/pulumi';
import { hashOfContext } from './context.ts';
import { warnWithoutDocker } from './docker.ts';

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

/**
 * The worker's image: a private repository, and the build of `worker/Dockerfile` pushed to it.
 *
 * The tag follows from what is built, so a second `pulumi up` without a change builds nothing. Docker must run here; `workerImage` does without.
 *
 * Cost: $0.10 a GB and month for what is stored; the first 500 MB are free in an account's first year.
 */
export class WorkerImage extends pulumi.ComponentResource {
  /** Names the image by digest. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:image:WorkerImage', name, {}, { ...opts, transforms: [keepOldImages] });
    const folder = fileURLToPath(root);
    this.uri = buildImage(this, name, { folder, dockerfile: 'worker/Dockerfile', tag: hashOfContext(root) });
    this.registerOutputs({ uri: this.uri });
  }
}

export interface BuildArgs {
  /** What Docker is sent. */
  folder: string;
  /** In the folder. */
  dockerfile: string;
  /** Follows from what is built. */
  tag: string;
}

/** A private repository, and an image that is built and pushed to it. @returns the image by digest */
export function buildImage(
  parent: pulumi.ComponentResource,
  name: string,
  { folder, dockerfile, tag }: BuildArgs,
): pulumi.Output<string> {
  void warnWithoutDocker(parent);
  const repository = new awsx.ecr.Repository(
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
  // From where the program runs, so that the path is the same on every machine.
  const context = relative(process.cwd(), folder) || '.';
  const image = new awsx.ecr.Image(
    name,
    {
      repositoryUrl: repository.url,
      context,
      dockerfile: join(context, dockerfile),
      platform: 'linux/amd64', // what Fargate and the GPU instances of the farm are
      imageTag: tag,
    },
    { parent },
  );
  return image.imageUri;
}
