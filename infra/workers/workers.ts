import type * as pulumi from '@pulumi/pulumi';
import { workerEnvironment } from '../compute/environment.ts';
import { needsVmaf, WorkerImage } from '../image/image.ts';
import type { FarmPieces } from '../pieces.ts';
import { architectureOf } from '../settings/compute.ts';
import type { Workers, WorkersArgs } from './args.ts';
import { createFunction } from './function.ts';
import { createService } from './service.ts';

/** What encodes: the image, its variables and rights, and what runs it. */
export function createWorkers(
  name: string,
  farm: Omit<FarmPieces, 'workers' | 'uploadsStartJobs'> & Pick<WorkersArgs, 'tags'>,
  own: pulumi.ComponentResourceOptions,
): Workers {
  const { settings, jobs, parts, reports, source, output } = farm;
  const { compute, door, worker, workerImage } = settings;
  const image = new WorkerImage(
    `${name}-worker`,
    {
      architecture: architectureOf(compute),
      isFunction: compute.kind === 'function' || door !== undefined,
      measuresVmaf: needsVmaf(worker),
      existing: workerImage,
    },
    own,
  );
  const common = [...(reports?.statements ?? []), ...source.statements, ...output.statements];
  const args: WorkersArgs = {
    ...farm,
    image,
    environment: workerEnvironment(farm),
    statements: [...jobs.statements, ...parts.statements, ...common],
    doorStatements: [...jobs.doorStatements, ...parts.doorStatements, ...common],
  };
  return compute.kind === 'function'
    ? createFunction(name, args, compute, own)
    : createService(name, args, compute, own);
}
