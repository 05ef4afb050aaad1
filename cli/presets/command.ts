import type { Command } from 'commander';
import type { Presets } from '../../worker/src/protocol/presets.ts';
import { connect } from '../farm/farm.ts';
import { presetsOf, readPresets } from '../farm/presets.ts';
import { type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { sentence } from '../farm/sentence.ts';
import { styleFor } from '../text/style.ts';

/** `farm presets`: the names that `--preset` takes, and the options behind each. */
export function presetsCommand(): Command {
  return farmCommand('presets').action((options: CommonOptions) =>
    runCommand(options, async ({ say, answer }) => {
      const { presets, from, why } = await findPresets(options);
      if (why !== undefined) console.error(`From ${from}, as the farm can't be asked: ${why}`);
      for (const line of presetLines(presets)) say(line);
      answer({ presets, from });
    }),
  );
}

interface Found {
  presets: Presets;
  /** `workers`, or the stack's file. */
  from: string;
  /** Why the farm itself was not asked. */
  why?: string | undefined;
}

/** As the workers have them; where the farm can't be asked, as the file of its stack names them. */
async function findPresets(options: CommonOptions): Promise<Found> {
  try {
    const farm = connect(await chosenFarm(options));
    try {
      return { presets: await readPresets(farm), from: 'workers' };
    } finally {
      farm.close();
    }
  } catch (error) {
    const stack = (options.stack ?? process.env.FARM_STACK)?.split('/').at(-1);
    const presets = stack === undefined ? undefined : await presetsOfStackFile(stack);
    if (presets === undefined) throw error;
    return { presets, from: `Pulumi.${stack}.yaml`, why: sentence(error) };
  }
}

async function presetsOfStackFile(stack: string): Promise<Presets | undefined> {
  // The program's own reader of settings is large, and seldom needed here.
  const { readPlannedStack } = await import('../doctor/deployment/stack.ts');
  const { settings } = await readPlannedStack(stack);
  return settings && presetsOf({ PRESETS: settings.worker.PRESETS });
}

function presetLines(presets: Presets): string[] {
  const { stdout } = process;
  const names = Object.keys(presets).sort();
  if (!stdout.isTTY) return names.map((name) => `${name}\t${JSON.stringify(presets[name])}`);
  if (names.length === 0) return ['This farm has no presets. The setting "presets" of its stack names them.'];
  const width = Math.max(...names.map(({ length }) => length));
  const style = styleFor(stdout);
  return names.map((name) => `${style.bold(name.padEnd(width))}  ${optionText(presets[name] ?? {})}`);
}

/** `ladder mobile, thumbnailAt 25%`. */
function optionText(options: Presets[string]): string {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.entries(options)
    .map(([name, value]) => `${name} ${text(value)}`)
    .join(', ');
}
