import { formatSeconds } from '../text/units.ts';
import { type Finding, failed, notAsked, ok, warning } from './finding.ts';

/** Requests that are signed more than 15 minutes off are refused (S3's error RequestTimeTooSkewed). */
const refusedSeconds = 15 * 60;
/** Dates of HTTP have whole seconds, and the answer takes its time. */
const noticedSeconds = 30;

/** This machine's clock against that of a service, by the date of its answer. */
export async function checkClock(url: string, ask: typeof fetch, now: () => number): Promise<Finding> {
  let date: string | null;
  const before = now();
  try {
    date = (await ask(url, { method: 'HEAD', signal: AbortSignal.timeout(10_000) })).headers.get('date');
  } catch (error) {
    return notAsked('clock', `${url} does not answer: ${(error as Error).message}`);
  }
  return validateClock(date, (before + now()) / 2);
}

/** @param date of the storage's answer. @param nowMs of this machine */
export function validateClock(date: string | null, nowMs: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return notAsked('clock', 'storage gave no time');
  const offSeconds = Math.abs(nowMs - theirs) / 1000;
  const why = `${formatSeconds(offSeconds)} ${nowMs > theirs ? 'ahead of' : 'behind'} that of the farm's services`;
  const fix = 'Set the clock of this machine by NTP ("timedatectl set-ntp true" on Linux).';
  if (offSeconds > refusedSeconds) return failed('clock', `${why}: signed requests are refused`, fix);
  return offSeconds > noticedSeconds
    ? warning('clock', why, fix)
    : ok('clock', `within ${noticedSeconds} s of that of the farm's services`);
}
