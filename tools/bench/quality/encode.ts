import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Each line begins with its level: errors are picked out by it. ffmpeg reports its CPU time at the level of information. */
const reporting = ['-hide_banner', '-nostdin', '-nostats', '-v', 'level+info', '-benchmark'];

/**
 * Runs an ffmpeg that encodes.
 * @returns its user and system time in seconds, from itself: those of its parent's children would be of all that run at once
 * @throws Error with ffmpeg's errors alone as `stderr`
 */
export async function encodeCpuSeconds(ffmpeg: string, args: readonly string[]): Promise<number> {
  const { stderr } = await run(ffmpeg, [...reporting, ...args], { maxBuffer: 2 ** 24 }).catch(
    throwErrorsAlone,
  );
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  if (user === undefined || system === undefined) throw new Error(`${ffmpeg} did not report its CPU time.`);
  return Number(user) + Number(system);
}

function throwErrorsAlone(error: unknown): never {
  const { stderr } = error as { stderr?: string };
  // ffmpeg did not start.
  if (!stderr) throw error;
  const lines = stderr.split('\n').filter((line) => /\[(error|fatal|panic)\]/.test(line));
  const errors = lines.map((line) => line.replace(/^(\[[^\]]*\] )*\[(error|fatal|panic)\] /, '')).join('\n');
  throw Object.assign(new Error(`ffmpeg failed: ${errors}`, { cause: error }), { stderr: errors });
}
