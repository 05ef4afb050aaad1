import type { JobState } from '../../worker/src/protocol/status.ts';
import type { FarmChoice } from '../farm/address.ts';

/** The commands to go on with, for the same farm. */
export function nextSteps(
  jobs: readonly { id: string; state?: JobState['state'] }[],
  { stack, farm, isLocal = false }: FarmChoice & { isLocal?: boolean },
): string[] {
  const flags = [stack && ` --stack ${stack}`, farm && ` --farm ${farm}`].filter(Boolean).join('');
  const command = (words: string) => `  farm ${words}${flags}`;
  const [only] = jobs;
  if (only === undefined) return [];
  if (jobs.length > 1) return ['Next:', command('jobs --watch')];
  if (only.state === 'succeeded') return ['Next:', command(`open ${only.id}`)];
  if (only.state === 'failed') {
    // Workers on this machine keep no log.
    const look = isLocal ? [] : [command(`logs ${only.id}`)];
    return ['Next:', ...look, command(`redrive ${only.id}`)];
  }
  return ['Next:', command(`status ${only.id}`), command(`open ${only.id}`)];
}
