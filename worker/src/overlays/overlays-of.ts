import type { OverlayOptions } from '../plan/overlay-options.ts';
import type { JobOptions } from '../protocol/job.ts';
import type { Settings } from '../settings/settings.ts';

/** What is drawn over a job's film: its own overlays, and the farm's watermark on top. */
export function overlaysOf(
  { overlays = [] }: Pick<JobOptions, 'overlays'> = {},
  { watermark }: Pick<Settings, 'watermark'>,
): OverlayOptions[] {
  return [...overlays, ...(watermark ? [watermark] : [])];
}
