import {
  type HeldDeadLetter,
  isChosen,
  redrive,
  release,
  takeDeadLetters,
} from '../../../cli/farm/dead-letters.ts';
import type { Farm } from '../../../cli/farm/farm.ts';

/**
 * Sends the jobs of dead letters again, as they were asked for.
 * @param ids of jobs or messages
 * @returns how many letters these were
 */
export async function redriveLetters(
  farm: Farm,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const letters = await takeDeadLetters(farm);
  const chosen = letters.filter((letter) => isChosen(letter, { ids }));
  const done = new Set<HeldDeadLetter>();
  const onRedriven = (sent: readonly HeldDeadLetter[]) => {
    for (const letter of sent) done.add(letter);
  };
  try {
    await redrive(farm, chosen, { signal, onRedriven });
  } finally {
    await release(
      farm,
      letters.filter((letter) => !done.has(letter)),
    );
  }
  return done.size;
}
