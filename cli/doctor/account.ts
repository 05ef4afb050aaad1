import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import type { FarmAddress } from '../farm/address.ts';
import { attempt, type Finding, failed, ok } from './finding.ts';

/** Who asks AWS, and whether the farm is in that account. */
export function checkCredentials(
  sts: STSClient,
  address: Pick<FarmAddress, 'topicArn'> | undefined,
): Promise<Finding> {
  const fix = 'Log in ("aws sso login"), or set AWS_PROFILE.';
  return attempt('credentials', fix, async () => {
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
    const owner = address?.topicArn.split(':')[4];
    if (owner === undefined || owner === Account) return ok('credentials', `${Arn}`);
    return failed(
      'credentials',
      `you are ${Arn}, and the farm is in account ${owner}`,
      `Take a profile of account ${owner}: set AWS_PROFILE.`,
    );
  });
}

/** The farm's region, or the one that a deployment would take. */
export async function checkRegion(
  sts: STSClient,
  address: Pick<FarmAddress, 'region'> | undefined,
): Promise<Finding> {
  if (address) return ok('region', `${address.region}, of the farm`);
  try {
    return ok('region', `${await sts.config.region()}, of your AWS settings`);
  } catch {
    return failed('region', 'none is set', 'Set AWS_REGION, or "pulumi config set aws:region eu-central-1".');
  }
}
