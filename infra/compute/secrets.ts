import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { ReporterEnvironment } from '../../reporter/settings.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { farmName } from '../names.ts';

/** A setting that comes from an SSM SecureString parameter. */
export interface Secret<Name extends string> {
  name: Name;
  parameterArn: pulumi.Input<string>;
  parameterName?: pulumi.Input<string>;
  /** The parameter's version: a new one replaces what runs. */
  version?: pulumi.Input<number>;
}

export type WorkerSecret = Secret<keyof WorkerEnvironment>;
export type ReporterSecret = Secret<keyof ReporterEnvironment>;

interface SecretsArgs<Name extends string> {
  /** The farm's name: begins the parameters' names. */
  farm: string;
  variables: Partial<Record<Name, pulumi.Input<string>>>;
}

/**
 * Secret settings of a program as parameters of AWS Systems Manager, encrypted by the account's own key for them. ECS hands the
 * worker's to its container, the reporter reads its own: they are in no task definition, no function's settings and no log.
 *
 * Cost: nothing (standard parameters).
 */
export class Secrets<Name extends string> extends pulumi.ComponentResource {
  /** Which variable is in which parameter. */
  readonly references: Secret<Name>[];

  constructor(name: string, { farm, variables }: SecretsArgs<Name>, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:environment:Secrets', name, {}, opts);
    this.references = (Object.keys(variables) as Name[]).map((variable) => {
      const parameter = new aws.ssm.Parameter(
        `${farm}-${variable.toLowerCase().replaceAll('_', '-')}`,
        {
          name: `/${farmName(farm, '/')}/${variable}`,
          type: 'SecureString',
          value: pulumi.secret(variables[variable] ?? ''),
        },
        { parent: this },
      );
      const { arn: parameterArn, name: parameterName, version } = parameter;
      return { name: variable, parameterArn, parameterName, version };
    });
    this.registerOutputs({ parameterArns: this.references.map(({ parameterArn }) => parameterArn) });
  }
}
