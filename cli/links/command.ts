import type { Command } from 'commander';
import type { FarmAddress } from '../farm/address.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';

/** `farm links`: where to look at the farm in a browser. */
export function linksCommand(): Command {
  return farmCommand('links').action((options: CommonOptions) =>
    withFarm(options, async ({ farm, say, answer }) => {
      const links = farmLinks(farm.address);
      for (const line of linkLines(links)) say(line);
      answer({ links });
    }),
  );
}

/** One a line. */
export function linkLines(links: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(links).map(([name, url]) => `${name.padEnd(9)} ${url}`);
  return lines.length > 0 ? lines : ['This farm has no pages. "farm open JOB" shows a film.'];
}

/** By name; what the farm does not have is left out. */
export function farmLinks(
  address: Pick<
    FarmAddress,
    'portalUrl' | 'dashboardUrl' | 'sourceConsoleUrl' | 'outputConsoleUrl' | 'publicUrl'
  >,
): Record<string, string> {
  const links = {
    portal: address.portalUrl ?? '',
    dashboard: address.dashboardUrl,
    source: address.sourceConsoleUrl,
    output: address.outputConsoleUrl,
    films: address.publicUrl,
  };
  return Object.fromEntries(Object.entries(links).filter(([, url]) => url !== ''));
}
