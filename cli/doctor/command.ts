import type { Command } from 'commander';
import { NoFarmError } from '../farm/address.ts';
import { type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { printable, type Style, styleFor } from '../text/style.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';

/** `farm doctor`: what is wrong, and what to do about it. */
export function doctorCommand(): Command {
  return farmCommand('doctor')
    .description('Look at all that a farm needs: what is wrong, why, and the fix')
    .action((options: CommonOptions) =>
      runCommand(options, async ({ say, answer }) => {
        const address = await chosenFarm(options).catch((error: unknown) => {
          if (error instanceof NoFarmError) return undefined;
          throw error;
        });
        const findings = await examine(address);
        const style = styleFor(process.stdout);
        for (const finding of findings) for (const line of findingLines(finding, style)) say(line);
        say();
        say(summary(findings));
        const isWell = findings.every(({ state }) => state !== 'failed');
        answer({ ok: isWell, checks: findings });
        if (!isWell) process.exitCode = 1;
      }),
    );
}

export function findingLines({ name, state, why, fix }: Finding, style: Style): string[] {
  const paint = { ok: style.good, warning: style.bold, failed: style.bad, 'not asked': style.dim }[state];
  return [
    `${paint(state.padEnd(9))}  ${name.padEnd(16)}  ${printable(why)}`,
    ...(fix ? [`${' '.repeat(29)}${style.dim('fix:')} ${printable(fix)}`] : []),
  ];
}

export function summary(findings: readonly Finding[]): string {
  return (['ok', 'warning', 'failed', 'not asked'] as const)
    .map((state) => ({ state, count: findings.filter((finding) => finding.state === state).length }))
    .filter(({ state, count }) => count > 0 || state === 'failed')
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ');
}
