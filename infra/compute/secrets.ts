import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import type { Variables } from './environment.ts';
import type { WorkerSecret } from './service.ts';

/**
 * Secret settings of the worker as parameters of AWS Systems Manager, encrypted by the account's own key for them. ECS
 * hands them to the container; they are in no task definition and no log.
 *
 * Cost: nothing (standard parameters).
 */
export class Secrets extends pulumi.ComponentResource {
  /** Which variable of the container is in which parameter. */
  readonly references: WorkerSecret[];

  constructor(name: string, variables: Variables, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:environment:Secrets', name, {}, opts);
    this.references = (Object.keys(variables) as (keyof Variables)[]).map((variable) => {
      const parameter = new aws.ssm.Parameter(
        `${name}-${variable.toLowerCase().replaceAll('_', '-')}`,
        {
          name: `/${farmName(name, '/')}/${variable}`,
          type: 'SecureString',
          value: pulumi.secret(variables[variable] ?? ''),
        },
        { parent: this },
      );
      return { name: variable, parameterArn: parameter.arn, version: parameter.version };
    });
    this.registerOutputs({ parameterArns: this.references.map(({ parameterArn }) => parameterArn) });
  }
}
