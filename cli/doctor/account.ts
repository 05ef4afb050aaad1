import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import type { FarmAddress } from '../farm/address.ts';
import { attempt, type Finding, failed, ok } from './finding.ts';

/** The caller's identity, and whether the farm is in that account. */
export function checkCredentials(
  sts: STSClient,
  address: Pick<FarmAddress, 'topicArn'> | undefined,
): Promise<Finding> {
  const fix = 'Log in ("aws sso login"), or choose a profile: --profile NAME, or AWS_PROFILE.';
  return attempt('credentials', fix, async () => {
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
    const owner = address?.topicArn.split(':')[4];
    if (owner === undefined || owner === Account) return ok('credentials', `${Arn}`);
    return failed(
      'credentials',
      `you are ${Arn}, and the farm is in account ${owner}`,
      `Use a profile of account ${owner}: --profile NAME, or AWS_PROFILE.`,
    );
  });
}

/** @param known the region of the farm or its stack; undefined: the one that AWS's own settings name */
export async function checkRegion(
  sts: STSClient,
  known: { region: string; from?: string } | undefined,
): Promise<Finding> {
  if (known) return ok('region', `${known.region}, ${known.from ?? 'where the farm is'}`);
  try {
    return ok('region', `${await sts.config.region()}, from your AWS settings`);
  } catch {
    return failed('region', 'no region is set', 'pulumi config set aws:region eu-central-1');
  }
}
