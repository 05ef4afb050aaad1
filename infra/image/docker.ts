import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as pulumi from '@pulumi/pulumi';

const wayOut =
  'Start Docker (https://docs.docker.com/get-docker/), or set workerImage to an image of the worker that is built already. A ' +
  'deployment that changes nothing of what is in the images needs neither.';

/** What keeps Docker from building here, in a sentence; undefined where its daemon answers. */
export async function whyNoDocker(docker = 'docker'): Promise<string | undefined> {
  try {
    await promisify(execFile)(docker, ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
    return undefined;
  } catch (error) {
    const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') return `"${docker}" is not on the PATH`;
    return `"${docker} version" says: ${(stderr || message).trim().split('\n').at(-1)}`;
  }
}

let reported = false;

/**
 * The build starts when most of the farm is made already, so the preview says at once when it is going to fail. A warning, as only
 * the build itself knows whether it has anything to do, or a builder elsewhere.
 */
export async function warnWithoutDocker(resource: pulumi.Resource): Promise<void> {
  // Only where Pulumi runs: other tools run the program to see what it would make.
  if (reported || pulumi.runtime.getEngine() === undefined) return;
  reported = true;
  const why = await whyNoDocker();
  if (why !== undefined) {
    await pulumi.log.warn(
      `Docker builds the farm's images here, and does not answer: ${why}. ${wayOut}`,
      resource,
    );
  }
}
