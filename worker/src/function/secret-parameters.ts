import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

/** SSM gives this many at a time. */
const parametersPerCall = 10;

/**
 * Values of secret settings, which are in SSM parameters: in the function's own settings there are none.
 * @param names by variable
 * @throws Error that names what is missing
 */
export async function readSecretParameters(
  names: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const wanted = Object.entries(names);
  if (wanted.length === 0) return {};
  const ssm = new SSMClient();
  const values = new Map<string | undefined, string | undefined>();
  for (let start = 0; start < wanted.length; start += parametersPerCall) {
    const some = wanted.slice(start, start + parametersPerCall).map(([, name]) => name);
    const { Parameters = [] } = await ssm.send(
      new GetParametersCommand({ Names: some, WithDecryption: true }),
    );
    for (const { Name, Value } of Parameters) values.set(Name, Value);
  }
  ssm.destroy();
  return Object.fromEntries(
    wanted.map(([variable, name]) => {
      const value = values.get(name);
      if (value === undefined)
        throw new Error(
          `The SSM parameter ${name} of the setting ${variable} is missing; pulumi up writes it.`,
        );
      return [variable, value];
    }),
  );
}
