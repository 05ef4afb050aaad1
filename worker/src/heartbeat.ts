import { writeFile } from 'node:fs/promises';
import type { Logger } from './log.ts';

/** `worker/healthcheck.sh` allows several to be late. */
const beatMs = 5000;

/**
 * Writes the time to a file at once and every 5 seconds while the event loop turns, for a container's health check. It
 * does not keep the process, and a file that can't be written is logged once, as a warning.
 *
 * @param path none: no heartbeat
 */
export function startHeartbeat(path: string | undefined, log: Pick<Logger, 'warn'>): void {
  if (path === undefined) return;
  let isLogged = false;
  const beat = () =>
    writeFile(path, `${new Date().toISOString()}\n`).catch((error: unknown) => {
      if (!isLogged)
        log.warn({ err: error, path }, 'no heartbeat: a health check will take this worker for dead');
      isLogged = true;
    });
  void beat();
  setInterval(beat, beatMs).unref();
}
