import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import type { WorkerSecret } from './secrets.ts';

/**
 * The most workers that make one film, as a parameter that ECS reads when it starts a worker. In the worker's environment, every
 * change of `maxTasks` would replace the workers that run.
 *
 * Cost: nothing (a standard parameter).
 */
export class FilmWidth extends pulumi.ComponentResource {
  readonly reference: WorkerSecret;

  constructor(name: string, workersPerFilm: number, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:environment:FilmWidth', name, {}, opts);
    const variable = 'WORKERS_PER_FILM';
    const parameter = new aws.ssm.Parameter(
      `${name}-workers-per-film`,
      { name: `/${farmName(name, '/')}/${variable}`, type: 'String', value: String(workersPerFilm) },
      { parent: this },
    );
    this.reference = { name: variable, parameterArn: parameter.arn };
    this.registerOutputs({ parameterArn: parameter.arn });
  }
}
