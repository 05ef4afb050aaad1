import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { startLocalPortal } from '../../portal/src/local.ts';
import { UserError } from '../errors.ts';
import { readJob } from '../farm/jobs.ts';
import { readQueues, total } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';

/** `farm open`: the portal on this machine, signed in by a link. */
export function openCommand(): Command {
  return farmCommand('open')
    .argument('[job]', 'id of a job, to begin at its film')
    .option('--port <port>', 'where to serve it', portNumber)
    .action((id: string | undefined, options: CommonOptions & { port?: number }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        // The page of a queued job shows the film when it is there.
        if (
          id !== undefined &&
          (await readJob(farm, id)) === undefined &&
          total(await readQueues(farm)) === 0
        ) {
          throw new UserError(`No job named "${id}". "farm jobs" lists the jobs.`);
        }
        const portal = await startLocalPortal({ farm, port: options.port }).catch((error: Error) => {
          throw new UserError(`The page can't be served: ${error.message}. Give another --port, or none.`);
        });
        try {
          const url = portal.signInUrl(id === undefined ? '/' : `/jobs/${id}`);
          for (const line of openLines(url)) say(line);
          answer({ url });
          // A timer keeps the process alive.
          await sleep(2 ** 31 - 1, undefined, { signal: stop }).catch(() => undefined);
        } finally {
          await portal.close();
        }
        stop.throwIfAborted();
      }),
    );
}

/** Where the page is. */
export function openLines(url: string): string[] {
  return [`Page    ${url}`, 'The link signs in once. Ctrl-C ends the page.'];
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('Expected a port, 1 to 65535.');
  return port;
}
