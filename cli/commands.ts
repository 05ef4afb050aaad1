import type { Command } from 'commander';

/** A command of `farm`: what help says about it, and where it is. */
export interface CommandEntry {
  name: string;
  description: string;
  group: string;
  load(): Promise<Command>;
}

/**
 * All commands, in the order of help. A command's module loads the SDK clients that it needs, which takes most of the
 * start-up time, so only the one that runs is imported.
 */
export const commands: readonly CommandEntry[] = [
  ...group('Start here', [
    entry('demo', 'Run a whole farm on this machine for one film', async () =>
      (await import('./demo/command.ts')).demoCommand(),
    ),
    entry('init', 'Write the stack file of a new farm from a few answers', async () =>
      (await import('./init/command.ts')).initCommand(),
    ),
    entry('doctor', 'Check everything a farm needs, before and after its deployment', async () =>
      (await import('./doctor/command.ts')).doctorCommand(),
    ),
  ]),
  ...group('Films and jobs', [
    entry('plan', 'Show what a film becomes, how long it takes and what it costs', async () =>
      (await import('./plan/command.ts')).planCommand(),
    ),
    entry('submit', 'Upload films and start their jobs', async () =>
      (await import('./submit/command.ts')).submitCommand(),
    ),
    entry('jobs', 'List jobs, most recently updated first', async () =>
      (await import('./jobs/command.ts')).jobsCommand(),
    ),
    entry('status', 'Show the queues, or one job', async () =>
      (await import('./jobs/command.ts')).statusCommand(),
    ),
    entry('open', "Open the farm's page in the browser, at the film of a job", async () =>
      (await import('./open/command.ts')).openCommand(),
    ),
    entry('get', 'Download the film of a job as one file', async () =>
      (await import('./get/command.ts')).getCommand(),
    ),
    entry('add', 'Make files of a film that is published, such as an MP4', async () =>
      (await import('./add/command.ts')).addCommand(),
    ),
    entry('subtitles', 'List, add and remove the subtitles of a published film', async () =>
      (await import('./subtitles/command.ts')).subtitlesCommand(),
    ),
    entry('logs', 'Show what the workers logged about a job', async () =>
      (await import('./logs/command.ts')).logsCommand(),
    ),
    entry('delete', 'Delete the film of a job', async () =>
      (await import('./delete/command.ts')).deleteCommand(),
    ),
    entry('cancel', 'Stop jobs that are queued or running', async () =>
      (await import('./cancel/command.ts')).cancelCommand(),
    ),
    entry('dead', 'List the dead letters: jobs that failed, and why', async () =>
      (await import('./dead/command.ts')).deadCommand(),
    ),
    entry('redrive', 'Retry jobs from the dead letters', async () =>
      (await import('./dead/command.ts')).redriveCommand(),
    ),
  ]),
  ...group('The farm', [
    entry('watch', 'Watch queues, workers and jobs live', async () =>
      (await import('./watch/command.ts')).watchCommand(),
    ),
    entry('config', 'Show which farm commands use, and why', async () =>
      (await import('./config/command.ts')).configCommand(),
    ),
    entry('presets', 'List the presets that jobs of this farm can name', async () =>
      (await import('./presets/command.ts')).presetsCommand(),
    ),
    entry('links', "Print the farm's addresses: dashboard, buckets, films", async () =>
      (await import('./links/command.ts')).linksCommand(),
    ),
    entry('webhook', 'Test the receiver of webhooks', async () =>
      (await import('./webhook/command.ts')).webhookCommand(),
    ),
    entry('webhooks', 'List what was sent to webhooks, or send it again', async () =>
      (await import('./webhooks/command.ts')).webhooksCommand(),
    ),
    entry('reconcile', 'Write to the database what it lacks', async () =>
      (await import('./reconcile/command.ts')).reconcileCommand(),
    ),
    entry('portal-password', 'Print the hash of a password for a deployed portal', async () =>
      (await import('./portal-password/command.ts')).portalPasswordCommand(),
    ),
    entry('calibrate', 'Find the CRF or CQ of each quality on this machine', async () =>
      (await import('./calibrate/command.ts')).calibrateCommand(),
    ),
    entry('completion', 'Print the completion script of your shell', async () =>
      (await import('./completion/command.ts')).completionCommand(),
    ),
  ]),
];

function entry(name: string, description: string, load: CommandEntry['load']): Omit<CommandEntry, 'group'> {
  return { name, description, load };
}

function group(title: string, entries: readonly Omit<CommandEntry, 'group'>[]): CommandEntry[] {
  return entries.map((one) => ({ ...one, group: `${title}:` }));
}
