import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { consult, type Finding, ok, warning } from '../finding.ts';

/** The waker needs one at a time, and waits in line where the account's other functions use all. */
const enough = 2;

export function checkLambda(lambda: LambdaClient): Promise<Finding> {
  const name = 'Lambda';
  return consult(name, 'lambda:GetAccountSettings', async () => {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: all = 0, UnreservedConcurrentExecutions: free = 0 } = AccountLimit ?? {};
    const has = `${free} of ${all} concurrent executions are not reserved`;
    // AWS reports no limit of memory; the 256 MB of the waker are below that of new accounts, 3008 MB.
    if (free >= enough) return ok(name, `${has}; the waker runs one at a time, in 256 MB`);
    return warning(
      name,
      `${has}: the waker may wait for its turn`,
      'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
    );
  });
}
