import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaToolError, type MediaTools, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';

/**
 * A program in the place of ffmpeg: reports its version when asked, writes its arguments to `arguments.txt`, one a line,
 * and then does what the shell script says. It has no PATH, as ffmpeg has none.
 */
export async function fakeTool(folder: string, name: string, script: string): Promise<string> {
  const path = join(folder, name);
  const lines = [
    '#!/bin/sh',
    'if [ "$1" = -version ]; then echo "ffmpeg version 7.1-fake Copyright"; exit 0; fi',
    `for argument; do echo "$argument"; done >"${folder}/arguments.txt"`,
    'export PATH=/usr/bin:/bin',
    script,
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** What the fake was called with. */
export async function argumentsSeen(folder: string): Promise<string[]> {
  return (await readFile(join(folder, 'arguments.txt'), 'utf8')).trimEnd().split('\n');
}

/** Media tools whose ffmpeg and ffprobe run this shell script. */
export async function toolsThat(folder: string, script: string): Promise<MediaTools> {
  const path = await fakeTool(folder, 'fake', script);
  return openMediaTools({ ffmpegPath: path, ffprobePath: path, maxPixels: 1000, maxStreams: 8 });
}

/** A script that never ends and never says anything, and writes its process id into `pid`. */
export const endless = `echo $$ >"$(dirname "$0")/pid"; while :; do sleep 0.1; done`;

export const anyCall = {
  input: { url: 'http://127.0.0.1:1/film' },
  inputArgs: ['-ss', '2'],
  outputArgs: ['-f', 'null', '-'],
  stallSeconds: 20,
};

/** The error that a media tool ends with. */
export async function errorOf(running: Promise<unknown>): Promise<MediaToolError> {
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MediaToolError)) throw new Error(`expected a MediaToolError, got ${String(error)}`);
  return error;
}

/** Whether a process that wrote its id into a file is still there. */
export async function lives(pidFile: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has waited for is not alive either.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
