import { functionSeconds } from '../plan/function-limits.ts';
import { defaultPartSeconds } from '../plan/parts.ts';
import type { Plan } from '../plan/plan.ts';
import type { JobState } from '../protocol/status.ts';
import type { Settings } from '../settings/settings.ts';

/** Who makes a film that the door has planned, and how many of the workers in ECS it can use. */
export type DoorDecision =
  /** Functions alone: it is done before a worker would have started. */
  | { kind: 'functions'; seconds: number; workers: 0 }
  /** Functions begin, and workers join when they have started: they encode alike. */
  | { kind: 'both'; seconds: number; workers: number }
  | { kind: 'workers'; workers: number };

export interface DoorRules extends Pick<NonNullable<Settings['door']>, 'workersEncoder' | 'budgetSeconds'> {
  /** Calls that may make parts of a film beside the door's own. */
  functions: number;
  /** Of those in ECS, at most for a film. */
  workersPerFilm: number;
  /** Of a function. */
  vcpus: number;
}

/** By the time that functions would take. What they can't begin with goes to the workers, with nothing made of it. */
export function decideAtDoor(plan: Plan, rules: DoorRules): DoorDecision {
  const { functions, budgetSeconds, workersEncoder } = rules;
  const parts = Math.max(1, plan.parts.filter(({ kind }) => kind === 'video').length);
  const seconds = secondsOf(plan, rules) / Math.min(parts, 1 + functions);
  if (seconds <= budgetSeconds) return { kind: 'functions', seconds, workers: 0 };
  const workers = usableWorkers(plan, rules);
  // A film has one encoder: a player can't go from one's segments to the other's.
  if (workersEncoder === 'nvenc' || functions === 0) return { kind: 'workers', workers };
  return { kind: 'both', seconds, workers };
}

/** What is known of the job before its first frame is made. */
export function expectationOf(plan: Plan, decision: DoorDecision): NonNullable<JobState['expected']> {
  const { durationSeconds } = plan;
  const { workers } = decision;
  return decision.kind === 'workers'
    ? { durationSeconds, workers }
    : { durationSeconds, workers, encodeSeconds: Math.ceil(decision.seconds) };
}

/** Of one function that makes all of the video. */
function secondsOf({ video }: Plan, { vcpus }: DoorRules): number {
  if (video === undefined) return 0;
  const { frameRate, renditions, encoder, durationSeconds } = video;
  const [largest = { width: 0, height: 0 }] = renditions;
  const work = {
    // The plan does not keep the source's size; its largest picture is seldom much smaller.
    sourcePixels: largest.width * largest.height,
    framesPerSecond: frameRate.num / frameRate.den,
    renditions,
    preset: encoder.preset,
  };
  return durationSeconds * functionSeconds(work, { vcpus });
}

function usableWorkers({ video, parts }: Plan, { workersEncoder, workersPerFilm }: DoorRules): number {
  const cut = parts.filter(({ kind }) => kind === 'video').length;
  const own = Math.round((video?.durationSeconds ?? 0) / defaultPartSeconds.nvenc);
  return Math.max(1, Math.min(workersPerFilm, workersEncoder === 'nvenc' && cut > 1 ? own : cut));
}
