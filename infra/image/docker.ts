import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/** An image of the farm that is built here. */
export interface BuiltImage {
  /** Begins the repository's name, which AWS ends at random. */
  repository: string;
  tag: string;
  /** What an owner without Docker does, in a sentence that goes on: "or …". */
  wayOut: string;
}

/**
 * Looks for Docker before the first resource is made: the build starts when most of the farm is there already. Only a new image needs Docker,
 * so where it does not answer, the account's repositories are asked for the images.
 * @throws RunError where an image has to be built now; a preview only warns, as it may be deployed from elsewhere
 */
export async function requireDocker(images: readonly BuiltImage[]): Promise<void> {
  // Only where Pulumi runs: other tools run the program to see what it would make.
  if (images.length === 0 || pulumi.runtime.getEngine() === undefined) return;
  const why = await whyNoDocker();
  if (why === undefined) return;
  const text = explain(why, images);
  if ((await arePushed(images)) === false && !pulumi.runtime.isDryRun()) throw new pulumi.RunError(text);
  await pulumi.log.warn(text);
}

export function explain(why: string, images: readonly BuiltImage[]): string {
  const waysOut = images.map(({ wayOut }) => wayOut).join(', and ');
  return (
    `Docker builds the farm's images here, and does not answer: ${why}. Start Docker (https://docs.docker.com/get-docker/), or ${waysOut}. ` +
    'A deployment that changes nothing of what is in the images needs neither.'
  );
}

/** What keeps Docker from building here, in a sentence; undefined where its daemon answers, or another builder may. */
export async function whyNoDocker(
  docker = 'docker',
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  try {
    await promisify(execFile)(docker, ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
    return undefined;
  } catch (error) {
    const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') {
      // The build needs no client, only a daemon such as Podman's.
      const hasDaemon = Boolean(env.DOCKER_HOST) || existsSync('/var/run/docker.sock');
      return hasDaemon ? undefined : `"${docker}" is not on the PATH`;
    }
    if (await hasBuilderElsewhere(docker)) return undefined;
    return `"${docker} version" says: ${(stderr || message).trim().split('\n').at(-1)}`;
  }
}

/** Drivers of buildx that build on other machines: https://docs.docker.com/build/builders/drivers/ */
const driversElsewhere = /\s(remote|kubernetes|cloud)\s/;

async function hasBuilderElsewhere(docker: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(docker, ['buildx', 'ls'], { timeout: 10_000 });
    return driversElsewhere.test(`${stdout}\n`);
  } catch {
    return false;
  }
}

/** Whether the account's repositories have all of these images; undefined where AWS does not say. */
async function arePushed(images: readonly BuiltImage[]): Promise<boolean | undefined> {
  let names: string[];
  try {
    // Absent in an account without any.
    names = ((await aws.ecr.getRepositories()) as Partial<aws.ecr.GetRepositoriesResult>).names ?? [];
  } catch {
    return undefined;
  }
  const found = await Promise.all(
    images.map(({ repository, tag }) =>
      isInOneOf(
        names.filter((name) => name.startsWith(`${repository}-`)),
        tag,
      ),
    ),
  );
  return found.every(Boolean);
}

async function isInOneOf(repositoryNames: readonly string[], imageTag: string): Promise<boolean> {
  for (const repositoryName of repositoryNames) {
    try {
      await aws.ecr.getImage({ repositoryName, imageTag });
      return true;
    } catch {
      // Not in this one.
    }
  }
  return false;
}
