import { join } from 'node:path';
import { overlayFiles } from '../encode/draw.ts';
import { bucketAssets } from '../overlays/assets.ts';
import { prepareOverlays } from '../overlays/prepare.ts';
import type { PlannedFilm, TranscodeRun } from './film.ts';

/** Makes ready what the film's overlays are drawn with. */
export async function prepareDrawing(
  { plan, workDir }: Pick<PlannedFilm, 'plan' | 'workDir'>,
  { stores, tools, signal }: TranscodeRun,
): Promise<void> {
  const { overlays } = plan.video ?? {};
  if (overlays === undefined) return;
  const assets = bucketAssets(stores.source);
  await prepareOverlays(overlays, join(workDir, overlayFiles.folder), { assets, tools, signal });
}
