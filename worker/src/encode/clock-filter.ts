import type { Plan } from '../plan/plan.ts';
import type { ClockStretch } from '../probe/clock.ts';
import { seconds } from './seconds.ts';

/** A filter that is made again in the middle of the film begins with a frame this near to the start of its stretch. */
const nearSeconds = 0.5;

/**
 * Moves what comes after a jump of the recording's clock, so that the film goes on. The stretch that a frame is in follows
 * from the frames before it, as two stretches may have the same times: its number is in the expression's variable 0, which
 * ffmpeg keeps from frame to frame. A frame that is far from the last one, and nearer to the next stretch's start, begins
 * that stretch.
 */
export function clockFilter(
  filter: 'setpts' | 'asetpts',
  { clock, zeroSeconds }: Pick<Plan, 'clock' | 'zeroSeconds'>,
): string[] {
  const stretches = joinAlike(clock ?? []);
  if (stretches.length < 2) return [];
  const at = (containerSeconds: number) => seconds(containerSeconds - zeroSeconds);
  const last = stretches.length - 1;
  const begins: string[] = [];
  const advances: string[] = [];
  const shifts: string[] = [];
  // Downwards: a frame goes on by one stretch at most, and the earliest of several that hold its time counts.
  for (let n = last; n >= 0; n -= 1) {
    const { startSeconds, endSeconds } = stretches[n] as ClockStretch;
    begins.push(`st(0,if(between(T,${at(startSeconds)},${at(endSeconds)}),${n},ld(0)))`);
  }
  for (let n = last; n > 0; n -= 1) {
    const [before, stretch] = [stretches[n - 1], stretches[n]] as [ClockStretch, ClockStretch];
    const start = at(stretch.startSeconds);
    begins.push(`st(0,if(lt(abs(T-${start}),${nearSeconds}),${n},ld(0)))`);
    const far = seconds(Math.abs(stretch.startSeconds - before.endSeconds) / 2);
    const isNext = `eq(ld(0),${n - 1})*gt(abs(T-PREV_INT),${far})*lt(abs(T-${start}),abs(T-PREV_INT))`;
    advances.push(`st(0,if(${isNext},${n},ld(0)))`);
    shifts.push(`gte(ld(0),${n})*${seconds(stretch.shiftSeconds - before.shiftSeconds)}`);
  }
  const first = `lt(abs(T-${at(stretches[0]?.startSeconds ?? 0)}),${nearSeconds})`;
  const begin = `if(isnan(PREV_INT),${begins.join(';')};st(0,if(${first},0,ld(0))))`;
  return [`${filter}='${begin};${advances.join(';')};PTS+(${shifts.join('+')})/TB'`];
}

/** A gap that stays a gap needs no filter. */
function joinAlike(stretches: readonly ClockStretch[]): ClockStretch[] {
  const joined: ClockStretch[] = [];
  for (const stretch of stretches) {
    const before = joined.at(-1);
    if (before?.shiftSeconds === stretch.shiftSeconds)
      joined[joined.length - 1] = { ...before, endSeconds: stretch.endSeconds };
    else joined.push(stretch);
  }
  return joined;
}
