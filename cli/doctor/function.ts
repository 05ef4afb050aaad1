import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { attempt, type Finding, failed, ok, warning } from './finding.ts';

/** Whether the worker's function can be called. */
export function checkFunction(lambda: LambdaClient, functionName: string): Promise<Finding> {
  const fix =
    'Run "pulumi up", or take an AWS_PROFILE that may see the function (lambda:GetFunctionConfiguration).';
  return attempt('workers', fix, async () =>
    validateFunction(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))),
  );
}

/** As AWS reports the state of a function: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html */
export function validateFunction(reported: {
  State?: string | undefined;
  StateReason?: string | undefined;
  LastUpdateStatus?: string | undefined;
  LastUpdateStatusReason?: string | undefined;
  MemorySize?: number | undefined;
}): Finding {
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason, MemorySize } = reported;
  if (LastUpdateStatus === 'Failed') {
    return failed(
      'workers',
      `the last update of the function failed: ${LastUpdateStatusReason ?? 'Lambda gives no reason'}`,
      'Run "pulumi up" again; the log group of the worker may say more.',
    );
  }
  // Lambda puts a function of an image to rest that was not called for weeks, and wakes it with the next call, which fails.
  if (State === 'Inactive')
    return warning(
      'workers',
      'the function was not called for weeks: the first call fails while Lambda prepares it again',
      'Send any job; its message is tried again.',
    );
  if (State !== undefined && State !== 'Active')
    return failed(
      'workers',
      `the function is ${State}: ${StateReason ?? 'Lambda gives no reason'}`,
      'Wait a minute, then run "pulumi up".',
    );
  return ok('workers', `a function of ${MemorySize} MB, called when there is a job`);
}
