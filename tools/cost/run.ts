import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UserError } from '../../cli/errors.ts';
import { SettingsError } from '../../infra/settings/reader.ts';
import { stackFiles } from '../program-run/stacks.ts';
import { assertPriced, pricedRegion, pricesDate } from './prices.ts';
import { type CostReport, costReport } from './report.ts';
import { details, summary } from './sections.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const usage = `npm run cost -- [STACK FILE] [--all] [--json] [--region ${pricedRegion}]`;

/**
 * `npm run cost -- [stack file] [--all] [--json] [--region us-east-1]`
 * @param folder where the command was given
 * @param output where it prints
 * @returns its exit code
 */
export async function runCost(
  args: string[],
  folder: string,
  output: Pick<Console, 'log' | 'error'>,
): Promise<number> {
  try {
    const { values, positionals } = readArguments(args);
    assertPriced(values.region);
    const files = values.all ? stackFiles : [positionals[0] ?? 'Pulumi.prod.yaml'];
    // One after another: the mocks that stand for Pulumi are the process's own.
    const reports: CostReport[] = [];
    for (const file of files) reports.push(await costReport(pathOf(file, folder)));
    output.log(
      values.json ? JSON.stringify(values.all ? reports : reports[0], undefined, 2) : textOf(reports),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof UserError || error instanceof SettingsError)) throw error;
    output.error(error.message);
    return 1;
  }
}

function readArguments(args: string[]) {
  try {
    const read = parseArgs({
      args,
      allowPositionals: true,
      options: {
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        region: { type: 'string', default: pricedRegion },
      },
    });
    if (read.positionals.length > (read.values.all ? 0 : 1)) {
      throw new TypeError(`One stack file at once, or --all: not ${read.positionals.join(' ')}.`);
    }
    return read;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\nUsage: ${usage}`);
  }
}

/** Found from where the command was given, or from the repository's root; named by its path from there. */
function pathOf(file: string, folder: string): string {
  const here = resolve(folder, file);
  if (existsSync(here)) return here.startsWith(root) ? relative(root, here) : here;
  if (stackFiles.includes(file)) return file;
  throw new UserError(`There is no stack file "${file}". There are: ${stackFiles.join(', ')}.`);
}

function textOf(reports: readonly CostReport[]): string {
  const elsewhere = reports.filter(({ farm }) => farm.region !== pricedRegion);
  return [
    `Prices of ${pricedRegion}, gone through on ${pricesDate} (tools/cost/prices.ts): US dollars, list prices, without tax.`,
    ...elsewhere.map(({ stack, farm }) => `${stack} is deployed to ${farm.region}, where prices differ.`),
    ...(reports.length > 1 ? [summary(reports)] : []),
    ...reports.map((report) => `## ${report.stack}\n\n${details(report)}`),
  ].join('\n\n');
}
