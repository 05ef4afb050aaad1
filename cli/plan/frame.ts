import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { overlayFiles } from '../../worker/src/encode/draw.ts';
import { frameArguments } from '../../worker/src/encode/frame-arguments.ts';
import type { MediaTools } from '../../worker/src/ffmpeg/media-tool.ts';
import type { AssetSource } from '../../worker/src/overlays/assets.ts';
import { prepareOverlays } from '../../worker/src/overlays/prepare.ts';
import type { Plan } from '../../worker/src/plan/plan.ts';
import { UserError } from '../errors.ts';

/** One frame of the film, as a file. */
export interface FrameRequest {
  atSeconds: number;
  /** Absolute; ends in `.png` or `.jpg`. */
  path: string;
}

interface Drawing {
  /** Of the source server. */
  url: string;
  tools: Pick<MediaTools, 'ffmpeg'>;
  assets: AssetSource;
  signal: AbortSignal;
}

/**
 * Makes the frame as workers make it, overlays and all.
 * @throws UserError for a film without a picture, and for a time outside of it
 */
export async function drawFrame(
  plan: Plan,
  { atSeconds, path }: FrameRequest,
  drawing: Drawing,
): Promise<void> {
  const { video } = plan;
  if (video === undefined) throw new UserError('The film has no picture, so there is no frame of it.');
  const { num, den } = video.frameRate;
  const latest = Math.floor(Math.max(0, video.durationSeconds - den / num) * 1000) / 1000;
  if (atSeconds > latest) {
    throw new UserError(`--frame: ${atSeconds} is not in the film. Use a time from 0 to ${latest} s.`);
  }
  const { url, tools, assets, signal } = drawing;
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farm-frame-'));
  const cwd = join(folder.path, 'run');
  await mkdir(cwd);
  const files = join(folder.path, overlayFiles.folder);
  if (video.overlays) await prepareOverlays(video.overlays, files, { assets, tools, signal });
  await tools.ffmpeg({
    input: { url },
    ...frameArguments(plan, video, atSeconds, path),
    cwd,
    fontConfigPath: video.overlays && join(files, overlayFiles.fontConfig),
    stallSeconds: 60,
    signal,
  });
}
