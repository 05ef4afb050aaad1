import { randomUUID } from 'node:crypto';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { Film, Timings } from '../../protocol/status.ts';
import { minSpeed } from '../../publish/early-pace.ts';
import type { Settings } from '../../settings/settings.ts';
import type { PlannedFilm, TranscodeRun } from '../film.ts';
import type { SessionEarly } from '../session/shared-session.ts';
import { EarlyWriter } from './early-writer.ts';

/** What this worker does so that its film can be played early. */
export interface EarlyPlay extends SessionEarly {
  writer: EarlyWriter;
  /** Of all leases of the film. */
  leaseSeconds: number;
}

/**
 * Players stand still when those who make the film's next seconds are lost, and Safari's gives up after about 40 s without news: so leases
 * are short. With one of 10 s a worker writes 12 renewals a minute, and the one that reports looks at the film every 1.7 s.
 */
const maxLeaseSeconds = 10;

/** Whether a film is to be played while it is made. */
export function wantsEarly(
  { options }: Pick<QueuedJob, 'options'>,
  settings: Pick<Settings, 'earlyPlay' | 'outputs'>,
): boolean {
  return (options?.early ?? settings.earlyPlay) && (options?.outputs ?? settings.outputs).includes('hls');
}

/** Shorter films are whole about as soon as they could be played. */
const shortSeconds = 60;

/** Why a film that was to be played early was not. */
export function notPlayable(
  { durationSeconds }: Pick<Film, 'durationSeconds'>,
  { speed }: Pick<Timings, 'speed'>,
): string[] {
  if (durationSeconds < shortSeconds || speed === undefined || speed >= minSpeed) return [];
  return [
    `The film could not be played while it was made: it was made at ${speed.toFixed(2)} times the speed at which it plays, and at least ${minSpeed} is needed. More workers for a film (workersPerFilm), a quicker encoder (x264Preset, or GPUs) or fewer renditions (ladder) help.`,
  ];
}

/** @returns undefined where the film is not to be played early */
export function openEarlyPlay(
  { job, plan }: PlannedFilm,
  folder: PlanFolder,
  { settings, stores, messageId, report, log, signal, ...run }: TranscodeRun,
): EarlyPlay | undefined {
  if (!wantsEarly(job, settings)) return undefined;
  const leaseSeconds = Math.min(maxLeaseSeconds, run.leaseSeconds);
  const { output } = stores;
  const { publicUrl } = settings.output;
  const playlist = folder.earlyStream;
  const early = { playlist, ...(publicUrl ? { url: `${publicUrl}/${playlist}` } : {}), plan: plan.id };
  const isUnsaid = () =>
    report.reporting() === 'reporting' &&
    report.state().state === 'running' &&
    report.state().early === undefined;
  const say = () => {
    if (isUnsaid()) void report.move({ to: 'playable', early });
  };
  const writer = new EarlyWriter({
    plan,
    folder,
    output,
    owner: randomUUID(),
    messageId,
    leaseSeconds,
    onPlayable: say,
    log,
    signal,
  });
  return {
    writer,
    leaseSeconds,
    made: writer.made,
    announce: async () => {
      // Mostly the worker that reports is the one that writes, and has said so.
      if (isUnsaid() && (await output.head(playlist, signal)) !== undefined) say();
    },
  };
}
