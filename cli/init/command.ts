import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { examineDeployment } from '../doctor/deployment/examine.ts';
import { projectFolder } from '../doctor/deployment/stack.ts';
import { runProgram } from '../doctor/run-program.ts';
import { allFindingLines } from '../doctor/text.ts';
import { UserError } from '../errors.ts';
import { runCommand } from '../farm/run.ts';
import { styleFor } from '../text/style.ts';
import { terminalColumns } from '../text/wrap.ts';
import { givenAnswers, withDefaults } from './answers.ts';
import { askAll } from './ask.ts';
import { type InitAnswers, initQuestions } from './questions.ts';
import { stackFileOf } from './stack-file.ts';
import { nextLines, stepsOf, writtenLine } from './text.ts';

type InitOptions = InitAnswers & { yes?: true; json?: true; profile?: string };

/** `farm init`: a stack file from a few answers, and what a deployment of it would fail at. */
export function initCommand(): Command {
  const questions = initQuestions(process.env);
  const command = new Command('init').argument('[stack]', 'name of the stack', 'films');
  for (const { flag, text, choices } of questions) {
    const start = text.startsWith('AWS') ? text : text.charAt(0).toLowerCase() + text.slice(1);
    command.option(flag, choices ? `${start}: ${Object.keys(choices).join(', ')}` : start);
  }
  return command
    .option('--yes', 'take the default of everything that has no flag')
    .option('--profile <name>', 'the AWS profile to use, instead of AWS_PROFILE')
    .option('--json', 'print one JSON object, and nothing else, on standard output')
    .addHelpText(
      'after',
      '\nWrites Pulumi.STACK.yaml, and looks for what "pulumi up" would fail at. It deploys nothing.',
    )
    .action((stack: string, options: InitOptions) =>
      // The region is an answer here, and Pulumi and the AWS clients get it from the file.
      runCommand({ json: options.json, profile: options.profile }, async ({ say, answer, stop }) => {
        if (!/^[A-Za-z][\w-]{0,20}$/.test(stack)) {
          throw new UserError(
            `"${stack}" is not a name for a stack here. Use up to 21 letters, digits, - and _, a letter first.`,
          );
        }
        const file = `Pulumi.${stack}.yaml`;
        if (existsSync(join(projectFolder, file))) throw isThere(file);
        const given = givenAnswers(questions, options);
        const isAsking = !options.yes && !options.json;
        const answers = isAsking
          ? await askAll(questions, given, {
              input: process.stdin,
              out: process.stderr,
              stop,
              style: styleFor(process.stderr),
              columns: terminalColumns(process.stderr),
            })
          : withDefaults(questions, given, options.yes === true);
        await writeNew(join(projectFolder, file), stackFileOf(answers), file);
        say(`${writtenLine(stack)}\n`);
        const findings = await examineDeployment(stack, runProgram);
        const style = styleFor(process.stdout);
        for (const line of allFindingLines(findings, style, terminalColumns(process.stdout))) say(line);
        say();
        for (const line of nextLines(stack, style)) say(line);
        answer({ file, answers, checks: findings, next: stepsOf(stack) });
      }),
    );
}

async function writeNew(path: string, text: string, name: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw isThere(name);
  }
}

function isThere(name: string): UserError {
  return new UserError(
    `${name} is there already, and was left as it is. Use another name ("farm init NAME"), or edit it.`,
  );
}
