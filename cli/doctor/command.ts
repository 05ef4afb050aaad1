import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { NoFarmError, NoPulumiError, NotDeployedError } from '../farm/address.ts';
import {
  type Answers,
  type CommonOptions,
  chosenFarm,
  farmCommand,
  runCommand,
  withFarm,
} from '../farm/run.ts';
import { styleFor } from '../text/style.ts';
import { terminalColumns } from '../text/wrap.ts';
import { examineDeployment } from './deployment/examine.ts';
import { projectFolder } from './deployment/stack.ts';
import { examine } from './examine.ts';
import { type Finding, failed, notAsked } from './finding.ts';
import { showLeftovers } from './leftovers.ts';
import { runProgram } from './run-program.ts';
import { smokeTest } from './smoke.ts';
import { allFindingLines } from './text.ts';

type DoctorOptions = CommonOptions & { smoke?: true; leftovers?: true; gpu?: true };

/** `farm doctor`: what is wrong, and the command that fixes it. */
export function doctorCommand(): Command {
  return farmCommand('doctor')
    .option('--smoke', 'send a built-in film of two seconds through the farm, and show where the time went')
    .option('--leftovers', "list AWS resources with the farm's tag that the stack does not contain")
    .option('--gpu', 'encode small films of every kind on the GPU of this machine, and show how fast')
    .addHelpText(
      'after',
      '\nBefore "pulumi up" it checks the stack\'s config and what the AWS account allows; afterwards it checks the farm.',
    )
    .action(async (options: DoctorOptions) => {
      const chosen = (['smoke', 'leftovers', 'gpu'] as const).filter((name) => options[name]);
      if (chosen.length > 1) {
        const names = chosen.map((name) => `--${name}`).join(' and ');
        throw new UserError(`${names} are different checks. Use one of them.`);
      }
      if (options.gpu) {
        // Only now, as it imports the whole worker.
        const { testGpu } = await import('./gpu.ts');
        return runCommand(options, testGpu);
      }
      if (options.smoke) return withFarm(options, smokeTest);
      return runCommand(options, (answers) =>
        options.leftovers ? showLeftovers(stackName(options), answers) : showFindings(options, answers),
      );
    });
}

async function showFindings(options: CommonOptions, { say, answer }: Answers): Promise<void> {
  const findings = await diagnose(options);
  const columns = terminalColumns(process.stdout);
  for (const line of allFindingLines(findings, styleFor(process.stdout), columns)) say(line);
  const isWell = findings.every(({ state }) => state !== 'failed');
  answer({ ok: isWell, checks: findings });
  if (!isWell) process.exitCode = 1;
}

/** Without a deployed farm, everything that the deployment needs. */
async function diagnose(options: CommonOptions): Promise<Finding[]> {
  try {
    return await examine(await chosenFarm(options));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const stack = stackName(options);
    return [...(await examineDeployment(stack, runProgram)), farmFinding(error, stack)];
  }
}

function farmFinding(error: UserError, stack: string): Finding {
  if (error instanceof NoFarmError) {
    return notAsked('farm', `no farm is selected, so stack "${stack}" was checked for its deployment`);
  }
  if (error instanceof NoPulumiError) return notAsked('farm', 'only pulumi knows whether it is deployed');
  if (error instanceof NotDeployedError) return notAsked('farm', error.message);
  const fix =
    'Save the outputs to a file ("pulumi stack output --json > farm.json"), and use --farm farm.json.';
  return failed('farm', error.message, fix);
}

/** The stack that is meant, deployed or not; by default the one that the README deploys. */
function stackName({ stack }: CommonOptions): string {
  const name = stack ?? process.env.FARM_STACK ?? 'dev';
  // Pulumi also takes ORGANIZATION/PROJECT/STACK; files are named after the stack.
  const [file = name] = name.split('/').slice(-1);
  return existsSync(`${projectFolder}/Pulumi.${file}.yaml`) ? file : name;
}
