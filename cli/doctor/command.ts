import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { NoFarmError } from '../farm/address.ts';
import { type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { printable, type Style, styleFor } from '../text/style.ts';
import { examine } from './examine.ts';
import { type Finding, failed, notAsked } from './finding.ts';

/** `farm doctor`: what is wrong, and what to do about it. */
export function doctorCommand(): Command {
  return farmCommand('doctor').action((options: CommonOptions) =>
    runCommand(options, async ({ say, answer }) => {
      const findings = await diagnose(options);
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

/** A farm that can't be found is one of the findings. */
async function diagnose(options: CommonOptions): Promise<Finding[]> {
  try {
    return await examine(await chosenFarm(options));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = error.message;
    const farm =
      error instanceof NoFarmError
        ? notAsked('farm', 'none was named: --stack, --farm, FARM_STACK or FARM_FILE')
        : failed(
            'farm',
            why,
            'Give the outputs in a file: pulumi stack output --json > farm.json, and --farm farm.json.',
          );
    return [...(await examine(undefined)), farm];
  }
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
