import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { consult, type Finding, failed, ok, warning } from '../finding.ts';

/** The worker as a function, as a stack wants it. */
export interface WantedFunction {
  maxCalls: number;
  memoryMib: number;
  reserveConcurrency: boolean;
  /** It has what it reserved already. */
  isDeployed?: boolean;
}

/** The waker needs one at a time, and waits in line where the account's other functions use all. */
const enough = 2;

/** AWS keeps so many for functions that reserve none: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const unreservable = 100;

/** Of new accounts, until AWS raises it: 10 concurrent executions, and functions of 3,008 MB. */
const newAccount = { concurrency: 10, memoryMib: 3008 };

const raise = (to: number) =>
  `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value ${to}`;

/** @param wanted undefined where the workers are not functions */
export function checkLambda(lambda: LambdaClient, wanted?: WantedFunction): Promise<Finding[]> {
  const name = 'Lambda';
  let found: Finding[] = [];
  const asked = consult(name, 'lambda:GetAccountSettings', async () => {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: all = 0, UnreservedConcurrentExecutions: free = 0 } = AccountLimit ?? {};
    if (wanted !== undefined) {
      found = [validateMemory(all, wanted)];
      return validateConcurrency(wanted, all, wanted.isDeployed ? all : free);
    }
    const has = `${free} of ${all} concurrent executions are not reserved`;
    // AWS reports no limit of memory; the 256 MB of the waker are below that of new accounts, 3008 MB.
    if (free >= enough) return ok(name, `${has}; the waker runs one at a time, in 256 MB`);
    return warning(name, `${has}: the waker may wait for its turn`, raise(1000));
  });
  return asked.then((finding) => [finding, ...found]);
}

/** Whether the account has the calls that a farm wants at once. */
export function validateConcurrency(
  { maxCalls, reserveConcurrency }: WantedFunction,
  all: number,
  free: number,
): Finding {
  const name = 'Lambda';
  const has = `${free} of ${all} concurrent executions are not reserved, and the farm wants ${maxCalls}`;
  const needed = maxCalls + (reserveConcurrency ? unreservable : 0);
  if (reserveConcurrency && free < needed) {
    return failed(
      name,
      `${has} for itself: AWS keeps ${unreservable} for functions that reserve none, so the deployment fails`,
      `${raise(all + needed - free)}, or: pulumi config set reserveConcurrency false`,
    );
  }
  if (free < maxCalls) return warning(name, `${has}: films take longer`, raise(all + maxCalls - free));
  return ok(name, has);
}

/** AWS reports the limit to no one; accounts that still have the first concurrency mostly have the first memory too. */
export function validateMemory(all: number, { memoryMib }: WantedFunction): Finding {
  const name = 'Lambda memory';
  if (memoryMib <= newAccount.memoryMib || all > newAccount.concurrency)
    return ok(name, `${memoryMib} MB; AWS reports no limit; new accounts have ${newAccount.memoryMib} MB`);
  return warning(
    name,
    `a function of ${memoryMib} MB is wanted, and this account looks new: such have ${newAccount.memoryMib} MB at most, and the deployment fails`,
    `pulumi config set taskMemoryMib ${newAccount.memoryMib}, or ask AWS Support for 10240 MB`,
  );
}
