import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';
import type { Deployed } from './deployed.ts';

/** The worker as a function, asked of Lambda. @throws UserError when it is not there or not usable */
export async function readWorkerFunction(
  lambda: LambdaClient,
  functionName: string,
  { maxTasks }: Pick<FarmAddress, 'maxTasks'>,
): Promise<Deployed> {
  const found = await lambda
    .send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
    .catch((error: Error) => {
      if (error.name !== 'ResourceNotFoundException') throw error;
      return undefined;
    });
  if (found === undefined) {
    throw new UserError(
      `The function ${functionName} is not there. Run "pulumi up", and save its outputs again.`,
    );
  }
  const { MemorySize: memoryMib = 0, Environment, Architectures: [architecture] = [] } = found;
  const { SECRET_PARAMETERS = '{}', ...environment } = Environment?.Variables ?? {};
  return {
    compute: 'function',
    task: { cpuUnits: Math.round(vcpusOf(memoryMib) * 1024), memoryMib },
    architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
    image: '',
    // What a plan follows from, as Lambda gives it to the worker.
    environment: { ...environment, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMib) },
    secretParameters: Object.fromEntries(
      Object.entries(JSON.parse(SECRET_PARAMETERS) as Record<string, string>).map(([variable, name]) => [
        variable,
        // As ECS names a parameter.
        `arn:aws:ssm:*:*:parameter${name}`,
      ]),
    ),
    spot: false,
    onDemandBase: 0,
    ...(maxTasks === undefined ? {} : { most: maxTasks }),
  };
}
