import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Help } from 'commander';
import { fitTo, wrapLine } from './wrap.ts';

/** Of a description beside its term. With fewer columns than this it goes below. */
const minDescriptionColumns = 26;

/** Has a command and all below it write help and errors as wide as the terminal, and describe `--help` alike. */
export function fitHelp(command: Command): void {
  command
    .helpOption('-h, --help', 'show help')
    .configureHelp({ minWidthToWrap: minDescriptionColumns, formatItem, formatHelp })
    .configureOutput({
      writeOut: (text) => process.stdout.write(fitTo(process.stdout, text)),
      writeErr: (text) => process.stderr.write(fitTo(process.stderr, text)),
      outputError: (text, write) => write(withFileHint(text)),
    });
  command.commands.forEach(fitHelp);
}

/** A file whose name begins with "-" is taken for an option. */
function withFileHint(text: string): string {
  const [, name] = /unknown option '(-[^']*)'/.exec(text) ?? [];
  if (name === undefined || !existsSync(resolve(process.env.INIT_CWD ?? '.', name))) return text;
  return text.replace('\n', `\n(To name the file, write ./${name})\n`);
}

const help = Help.prototype;

function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80;
  if (columns - termWidth - 4 >= minDescriptionColumns)
    return help.formatItem.call(helper, term, termWidth, description, helper);
  const below = wrapLine(`      ${description}`, columns);
  return [`  ${term}`, ...(description === '' ? [] : below)].join('\n');
}

/** Commander leaves the line of the usage as it is. */
function formatHelp(command: Command, helper: Help): string {
  const lines = help.formatHelp.call(helper, command, helper).split('\n');
  return lines.flatMap((line) => wrapLine(line, helper.helpWidth ?? 80)).join('\n');
}
