import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

/** SSM gives this many at a time. */
const parametersPerCall = 10;

/**
 * The settings of a Lambda function: worker, reporter and portal read their secrets from SSM parameters, since whoever may look at a
 * function sees its variables.
 * @param environment the parameters' names by variable are in `SECRET_PARAMETERS`, as JSON
 * @throws Error that names what is missing
 */
export async function readFunctionEnvironment({
  SECRET_PARAMETERS = '{}',
  ...variables
}: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const secrets = await readSecretParameters(JSON.parse(SECRET_PARAMETERS) as Record<string, string>);
  return { ...variables, ...secrets };
}

async function readSecretParameters(
  names: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const wanted = Object.entries(names);
  if (wanted.length === 0) return {};
  const ssm = new SSMClient();
  const values = new Map<string | undefined, string | undefined>();
  try {
    for (let start = 0; start < wanted.length; start += parametersPerCall) {
      const some = wanted.slice(start, start + parametersPerCall).map(([, name]) => name);
      const { Parameters = [] } = await ssm.send(
        new GetParametersCommand({ Names: some, WithDecryption: true }),
      );
      for (const { Name, Value } of Parameters) values.set(Name, Value);
    }
  } finally {
    ssm.destroy();
  }
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
