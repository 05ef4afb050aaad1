import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { attempt, type Finding, failed, ok, warning } from './finding.ts';

/** The worker as a function, or the function that looks at jobs before workers do. */
type FunctionCheck = 'workers' | 'door';

/** Whether a function can be called. */
export function checkFunction(
  lambda: LambdaClient,
  functionName: string,
  name: FunctionCheck = 'workers',
): Promise<Finding> {
  const fix =
    'Run "pulumi up", or take an AWS_PROFILE that may see the function (lambda:GetFunctionConfiguration).';
  return attempt(name, fix, async () =>
    validateFunction(
      await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName })),
      name,
    ),
  );
}

/** As AWS reports the state of a function: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html */
export function validateFunction(
  reported: {
    State?: string | undefined;
    StateReason?: string | undefined;
    LastUpdateStatus?: string | undefined;
    LastUpdateStatusReason?: string | undefined;
    MemorySize?: number | undefined;
  },
  name: FunctionCheck = 'workers',
): Finding {
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason, MemorySize } = reported;
  if (LastUpdateStatus === 'Failed') {
    return failed(
      name,
      `the last update of the function failed: ${LastUpdateStatusReason ?? 'Lambda gives no reason'}`,
      'Run "pulumi up" again; the log group of the worker may say more.',
    );
  }
  // Lambda puts a function of an image to rest that was not called for weeks, and wakes it with the next call, which fails.
  if (State === 'Inactive')
    return warning(
      name,
      'the function was not called for weeks: the first call fails while Lambda prepares it again',
      'Send any job; its message is tried again.',
    );
  if (State !== undefined && State !== 'Active')
    return failed(
      name,
      `the function is ${State}: ${StateReason ?? 'Lambda gives no reason'}`,
      'Wait a minute, then run "pulumi up".',
    );
  return ok(name, `a function of ${MemorySize} MB, called when there is a job`);
}
