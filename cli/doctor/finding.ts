import { sentence } from '../farm/sentence.ts';

/** What one check came to. */
export interface Finding {
  /** What was looked at, in a word. */
  name: string;
  /** `not asked`: there is nothing to look at here, or no way to. */
  state: 'ok' | 'warning' | 'failed' | 'not asked';
  /** What was seen, in a sentence or less. */
  why: string;
  /** The next step, where one is needed. */
  fix?: string;
}

export function ok(name: string, why: string): Finding {
  return { name, state: 'ok', why };
}

export function warning(name: string, why: string, fix: string): Finding {
  return { name, state: 'warning', why, fix };
}

export function failed(name: string, why: string, fix: string): Finding {
  return { name, state: 'failed', why, fix };
}

export function notAsked(name: string, why: string): Finding {
  return { name, state: 'not asked', why };
}

/** Runs a check; what it throws is a failure with this fix. */
export async function attempt(name: string, fix: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const why = sentence(error) ?? (error as Error).message;
    return failed(name, why.replace(fix, '').trim(), fix);
  }
}

/** Runs a check that needs an extra permission. Without it the check is a warning: the farm works all the same. */
export async function consult(name: string, calls: string, check: () => Promise<Finding>): Promise<Finding> {
  const fix = `Let this user call ${calls}.`;
  const found = await attempt(name, fix, check);
  return found.fix === fix ? { ...found, state: 'warning' } : found;
}
