import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
import { overlayFiles } from '../../../worker/src/encode/draw.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { argumentsFor, readVersion } from '../../../worker/src/ffmpeg/version.ts';
import type { AudioPart, Plan, VideoPart } from '../../../worker/src/plan/plan.ts';

const run = promisify(execFile);

/** The plan's whole film as one part. */
export function wholeFilm(plan: Plan): VideoPart {
  const videos = plan.parts.filter((part) => part.kind === 'video');
  const cuts: number[] = [];
  for (let cut = plan.segmentSeconds; cut < plan.durationSeconds - 1e-6; cut += plan.segmentSeconds)
    cuts.push(cut);
  return { ...(videos[0] as VideoPart), index: 0, startSeconds: 0, endSeconds: undefined, segmentCuts: cuts };
}

/** Plain ffmpeg with a worker's arguments, from disk to disk: no queue, no storage, no checks. */
export async function bareFfmpeg(
  film: string,
  plan: Plan,
  options: {
    audio: boolean;
    cores?: string;
    part?: VideoPart | undefined;
    /** Writes the files of overlays. */
    prepare?: (overlays: string) => Promise<void>;
  },
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'bench-bare-'));
  const [folder, overlays] = [join(root, 'run'), join(root, overlayFiles.folder)];
  try {
    await mkdir(folder);
    await options.prepare?.(overlays);
    const video = videoArguments(
      plan,
      plan.video as NonNullable<Plan['video']>,
      options.part ?? wholeFilm(plan),
      24 * 3600,
    );
    const audioPart = plan.parts.find((part): part is AudioPart => part.kind === 'audio');
    const audio =
      options.audio && audioPart
        ? audioArguments(plan, audioPart, 24 * 3600, { inputs: { film: 0, silence: 1 } })
        : undefined;
    const silence = audio?.lavfiFirst === undefined ? [] : ['-f', 'lavfi', '-i', audio.lavfiFirst];
    for (const name of [...video.renditions, ...(audio?.renditions ?? []), 'storyboard']) {
      await mkdir(join(folder, name));
    }
    const outputs = [...video.outputArgs, ...(audio?.outputArgs ?? [])].map(pipesToFiles);
    const { stdout } = await run('ffmpeg', ['-version']);
    const args = ['-v', 'error', '-nostdin', '-y', ...video.inputArgs, '-i', film, ...silence, ...outputs];
    const ffmpeg = ['ffmpeg', ...argumentsFor(readVersion(stdout, 'ffmpeg'), args)];
    const pinned = options.cores === undefined ? ffmpeg : ['taskset', '--cpu-list', options.cores, ...ffmpeg];
    const env = { ...process.env, FONTCONFIG_FILE: join(overlays, overlayFiles.fontConfig) };
    await run(pinned[0] as string, pinned.slice(1), { cwd: folder, env });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

let lists = 0;

/** Without a reader for its pipes. */
function pipesToFiles(argument: string): string {
  return /^pipe:\d+$/.test(argument) ? `list-${lists++}.csv` : argument;
}
