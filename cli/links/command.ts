import type { Command } from 'commander';
import type { FarmAddress } from '../farm/address.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';

/** `farm links`: where to look at the farm in a browser. */
export function linksCommand(): Command {
  return farmCommand('links').action((options: CommonOptions) =>
    withFarm(options, async ({ farm, say, answer }) => {
      const links = farmLinks(farm.address);
      for (const [name, url] of Object.entries(links)) say(`${name.padEnd(9)} ${url}`);
      if (Object.keys(links).length === 0) {
        say('This farm has no pages. "farm open JOB" shows a film.');
      }
      answer({ links });
    }),
  );
}

/** By name; what the farm does not have is left out. */
export function farmLinks(address: FarmAddress): Record<string, string> {
  const links = {
    portal: address.portalUrl ?? '',
    dashboard: address.dashboardUrl,
    source: address.sourceConsoleUrl,
    output: address.outputConsoleUrl,
    films: address.publicUrl,
  };
  return Object.fromEntries(Object.entries(links).filter(([, url]) => url !== ''));
}
