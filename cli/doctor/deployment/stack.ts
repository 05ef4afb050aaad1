import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type FarmSettings, readSettings } from '../../../infra/settings/settings.ts';
import { ConfigSource } from '../../../infra/settings/sources.ts';
import { record } from '../../../tools/program-run/record.ts';
import { stackOf } from '../../../tools/program-run/stacks.ts';
import { type Finding, failed, ok } from '../finding.ts';

/** A stack before its deployment, as its file in the project's folder describes it. */
export interface PlannedStack {
  name: string;
  /** `aws:region` of the stack. */
  region?: string;
  /** Undefined where the file is missing or not valid. Secrets in it are made up. */
  settings?: FarmSettings;
  finding: Finding;
}

/** The project's folder: stack files are there, and Pulumi runs there. */
export const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

const name = 'stack config';

/** Validates a stack's file with the program's own code. */
export async function readPlannedStack(stack: string, folder = projectFolder): Promise<PlannedStack> {
  const file = `Pulumi.${stack}.yaml`;
  const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const fix = `npx farm init ${stack}, or copy a ready stack: cp stacks/inbox.yaml ${file}`;
    return { name: stack, finding: failed(name, `there is no ${file} in ${folder}`, fix) };
  }
  let region: string | undefined;
  try {
    const own = (parse(text) as { config?: Record<string, unknown> } | null)?.config ?? {};
    const planned = stackOf(own, {}, stack);
    region = planned.config['aws:region'];
    const { result: settings } = await record(() => readSettings(new ConfigSource()), planned);
    const finding = ok(name, `${file} is valid`);
    return { name: stack, region, settings, finding };
  } catch (error) {
    const { message, problems } = error as Error & { problems?: readonly string[] };
    const finding = problems
      ? invalid(file, problems)
      : failed(name, `${file} can't be read: ${message}`, `Correct the YAML of ${file}.`);
    return { name: stack, region, finding };
  }
}

/** A problem is a sentence, with the commands that fix it on the lines below. */
function invalid(file: string, problems: readonly string[]): Finding {
  const lines = problems.flatMap((problem) => problem.split('\n').map((line) => line.trim()));
  const isCommand = (line: string) => /^(or )?pulumi /.test(line);
  return failed(
    name,
    `${file}: ${lines.filter((line) => !isCommand(line)).join(' ')}`,
    lines.filter(isCommand).join('\n'),
  );
}
