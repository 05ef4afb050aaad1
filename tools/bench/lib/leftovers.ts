import { readdirSync, readFileSync } from 'node:fs';
import { allowedCores } from './cores.ts';

/**
 * What one measurement could leave behind for the next: fewer cores for this process, or processes that go on.
 * @returns a check. @throws Error that names what was left
 */
export function watchLeftovers(): (after: string) => void {
  const before = { cores: allowedCores().join(), children: children() };
  return (after) => {
    const cores = allowedCores().join();
    if (cores !== before.cores)
      throw new Error(`${after} left this process on the cores ${cores}, which had ${before.cores} before.`);
    const left = children().filter((pid) => !before.children.includes(pid));
    if (left.length > 0)
      throw new Error(`${after} left processes running: ${left.map(describe).join('; ')}.`);
  };
}

function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    const list = readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim();
    return list === '' ? [] : list.split(' ').filter(isAlive);
  });
}

/** A process that has ended shows until it is waited for; one that is just ending has no command any more. */
function isAlive(pid: string): boolean {
  try {
    const hasEnded = /^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return !hasEnded && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

function describe(pid: string): string {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return `${pid} (${command.slice(0, 100)})`;
}
