import { FfmpegVersionError, readVersion } from '../../worker/src/ffmpeg/version.ts';
import { type Finding, notAsked, ok, warning } from './finding.ts';

/** Runs a program to its end. @returns standard output. @throws Error, with the code `ENOENT` where there is none */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

/** The programs of this machine that commands and deployments start. */
export async function checkPrograms(run: RunProgram, { isLocal }: { isLocal: boolean }): Promise<Finding[]> {
  const deployment = (name: string, check: Promise<Finding>) =>
    isLocal ? notAsked(name, 'a farm on this machine does without') : check;
  return Promise.all([
    ok('node', process.version),
    checkFfmpeg(run),
    deployment('pulumi', checkPulumi(run)),
    deployment('docker', checkDocker(run)),
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
      'Install it to deploy: https://www.pulumi.com/docs/iac/download-install/. With --farm FILE, other commands do without.';
    return warning('pulumi', reason(error, 'pulumi'), fix);
  }
}

/** Asked of the daemon: the program alone builds nothing. */
async function checkDocker(run: RunProgram): Promise<Finding> {
  try {
    const version = await run('docker', ['version', '--format', '{{.Server.Version}}']);
    return ok('docker', `the daemon answers, ${version.trim()}`);
  } catch (error) {
    const fix =
      'Start Docker before "pulumi up" builds the image, or set workerImage to one that is built already.';
    return warning('docker', reason(error, 'docker'), fix);
  }
}

function reason(error: unknown, program: string): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === 'ENOENT') return `there is no ${program} on the PATH`;
  const said = (stderr || message).trim().split('\n').at(-1);
  return `${program} says: ${said}`;
}
