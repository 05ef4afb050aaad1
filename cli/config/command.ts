import type { Command } from 'commander';
import { type FarmAddress, farmOrigin } from '../farm/address.ts';
import { type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { printable, styleFor } from '../text/style.ts';

/** `farm config`: which farm commands talk to, and why that one. */
export function configCommand(): Command {
  return farmCommand('config').action((options: CommonOptions) =>
    runCommand(options, async ({ say, answer }) => {
      const origin = farmOrigin(options);
      const address = await chosenFarm(options);
      const style = styleFor(process.stdout);
      const facts = { farm: origin.text, ...farmFacts(address) };
      for (const [name, value] of Object.entries(facts))
        say(`${style.dim(name.padEnd(9))} ${printable(value)}`);
      answer({ origin, address });
    }),
  );
}

function farmFacts(address: FarmAddress): Record<string, string> {
  const profile = process.env.AWS_PROFILE ? `, profile ${process.env.AWS_PROFILE}` : '';
  return {
    region: address.local ? 'on this machine' : `${address.region}${profile}`,
    source: `${address.sourceStorage} ${address.sourceBucket}`,
    output: `${address.outputStorage} ${address.outputBucket}${address.outputPrefix && ` ${address.outputPrefix}`}`,
    queue: address.queueUrl,
  };
}
