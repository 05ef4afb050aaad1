import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { FarmAddress } from './address.ts';
import type { Deployed } from './deployed.ts';
import { awsOf } from './farm.ts';

/**
 * Secret settings of the workers, from the SSM parameters that the stack made. Asked with the SDK's own credentials.
 * @returns those that are there, by variable
 */
export async function readSecrets(
  address: FarmAddress,
  { secretParameters }: Pick<Deployed, 'secretParameters'>,
  variables: readonly string[],
): Promise<Record<string, string>> {
  const names = new Map(
    variables.flatMap((variable) => {
      // arn:aws:ssm:REGION:ACCOUNT:parameter/PROJECT/STACK/VARIABLE
      const name = secretParameters[variable]?.split(':parameter')[1];
      return name === undefined ? [] : [[name, variable]];
    }),
  );
  if (names.size === 0) return {};
  const ssm = new SSMClient(awsOf(address));
  try {
    const { Parameters = [] } = await ssm.send(
      new GetParametersCommand({ Names: [...names.keys()], WithDecryption: true }),
    );
    return Object.fromEntries(
      Parameters.map(({ Name = '', Value = '' }) => [names.get(Name) ?? Name, Value]),
    );
  } finally {
    ssm.destroy();
  }
}
