import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { explain, whyNoDocker } from '../../../infra/image/docker.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

async function dockerThat(script: string) {
  const folder = await temporaryFolder();
  const docker = join(folder.path, 'docker');
  await writeFile(docker, `#!/bin/sh\n${script}\n`);
  await chmod(docker, 0o755);
  return { docker, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

it('says a way out for each image that would be built', () => {
  const images = ['set workerImage', 'set portal'].map((wayOut) => ({
    repository: 'farm',
    tag: '1',
    wayOut,
  }));
  expect(explain('no daemon', images)).toMatch(
    /does not answer: no daemon\. Start Docker \(\S+\), or set workerImage, and set portal\. /,
  );
});

it('finds nothing wrong where the daemon answers', async () => {
  await using machine = await dockerThat('echo 29.1.0');
  expect(await whyNoDocker(machine.docker)).toBeUndefined();
});

it('repeats what Docker says where its daemon does not answer', async () => {
  await using machine = await dockerThat('echo "Cannot connect to the Docker daemon" >&2; exit 1');
  expect(await whyNoDocker(machine.docker)).toMatch(
    /docker version" says: Cannot connect to the Docker daemon$/,
  );
});

it('says where Docker is not installed', async () => {
  expect(await whyNoDocker('no-such-docker', {})).toBe('"no-such-docker" is not on the PATH');
});

it('leaves it to the build where a daemon without the client may answer', async () => {
  expect(await whyNoDocker('no-such-docker', { DOCKER_HOST: 'unix:///run/podman.sock' })).toBeUndefined();
});

it('finds nothing wrong where another machine builds', async () => {
  await using machine = await dockerThat(
    'case "$1" in version) exit 1;; *) printf "NAME/NODE  DRIVER/ENDPOINT  STATUS\nfar*  remote\n";; esac',
  );
  expect(await whyNoDocker(machine.docker)).toBeUndefined();
});
