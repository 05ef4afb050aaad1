import { FfmpegVersionError, readVersion } from '../../worker/src/ffmpeg/version.ts';
import { type Finding, notAsked, ok, warning } from './finding.ts';

/** Runs a program to its end. @returns standard output. @throws Error, with the code `ENOENT` where it is not installed */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

/** The programs of this machine that commands and deployments start. */
export async function checkPrograms(
  run: RunProgram,
  { isLocal, workerImage }: { isLocal: boolean; workerImage?: string },
): Promise<Finding[]> {
  const deployment = (name: string, check: () => Promise<Finding>) =>
    isLocal ? notAsked(name, 'a farm on this machine does not use it') : check();
  return Promise.all([
    ok('node', process.version),
    checkFfmpeg(run),
    deployment('pulumi', () => checkPulumi(run)),
    workerImage
      ? notAsked('docker', `the stack uses the image ${workerImage}, so nothing is built here`)
      : deployment('docker', () => checkDocker(run)),
  ]);
}

async function checkFfmpeg(run: RunProgram): Promise<Finding> {
  const fix = 'Install ffmpeg: "farm plan" and "farm demo" start it here. Workers have their own.';
  try {
    const { name: version, warning: versionWarning } = readVersion(
      await run('ffmpeg', ['-version']),
      'ffmpeg',
    );
    await run('ffprobe', ['-version']);
    const encoders = await run('ffmpeg', ['-hide_banner', '-encoders']);
    if (/\slibx264\s/.test(encoders)) {
      if (versionWarning === undefined) return ok('ffmpeg', `${version}, with libx264`);
      return warning(
        'ffmpeg',
        versionWarning,
        'Update the farm, or install a version that it is tested with.',
      );
    }
    return warning(
      'ffmpeg',
      `${version} has no libx264`,
      'Install an ffmpeg with libx264, as Debian and Homebrew have it.',
    );
  } catch (error) {
    if (error instanceof FfmpegVersionError) return warning('ffmpeg', error.message, fix);
    return warning('ffmpeg', reason(error, 'ffmpeg or ffprobe'), fix);
  }
}

async function checkPulumi(run: RunProgram): Promise<Finding> {
  try {
    return ok('pulumi', (await run('pulumi', ['version'])).trim());
  } catch (error) {
    const fix =
      'Install it to deploy: https://www.pulumi.com/docs/iac/download-install/. With --farm FILE, the other commands do not need it.';
    return warning('pulumi', reason(error, 'pulumi'), fix);
  }
}

/** Of the machines that the farm starts. */
const imagePlatform = 'linux/amd64';

/** The daemon is asked, and buildx, which "pulumi up" builds with: the client alone builds nothing. */
async function checkDocker(run: RunProgram): Promise<Finding> {
  const image = 'or set workerImage to an image that is built already.';
  let version: string;
  try {
    version = (await run('docker', ['version', '--format', '{{.Server.Version}}'])).trim();
  } catch (error) {
    return warning(
      'docker',
      reason(error, 'docker'),
      `Install and start Docker before "pulumi up", which builds the worker's image; ${image}`,
    );
  }
  try {
    const buildx = /v\d+\.\d+\.\d+/.exec(await run('docker', ['buildx', 'version']))?.[0] ?? '';
    const platforms = /^\s*Platforms:(.*)$/m.exec(await run('docker', ['buildx', 'inspect']))?.[1];
    if (platforms !== undefined && !platforms.includes(imagePlatform)) {
      return warning(
        'docker',
        `buildx builds for${platforms}, and the worker's image is for ${imagePlatform}`,
        `docker run --privileged --rm tonistiigi/binfmt --install amd64; ${image}`,
      );
    }
    return ok('docker', `the daemon ${version} answers, with buildx ${buildx}`.trim());
  } catch (error) {
    return warning(
      'docker',
      reason(error, 'docker buildx'),
      `Install buildx (https://docs.docker.com/build/install-buildx/); ${image}`,
    );
  }
}

function reason(error: unknown, program: string): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === 'ENOENT') return `${program} is not on the PATH`;
  const said = (stderr || message).trim().split('\n').at(-1);
  return `${program} says: ${said}`;
}
