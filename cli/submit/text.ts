import { printable } from '../text/style.ts';
import type { SubmittedJob } from './send.ts';

/** Which job a film has become. */
export function submittedLine({ source, id }: Pick<SubmittedJob, 'source' | 'id'>): string {
  return `${printable(source)}  is job ${id}`;
}
