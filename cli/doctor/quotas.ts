import { GetServiceQuotaCommand, type ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import type { Deployed } from '../farm/deployed.ts';
import { attempt, type Finding, failed, ok, warning } from './finding.ts';

/**
 * Quotas on vCPUs that run at the same time. New accounts often have 0 of GPU instances, and nothing says so: the group just
 * starts none. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html and
 * https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
 */
const quotas = {
  gpu: {
    'on demand': { service: 'ec2', code: 'L-DB2E81BA', of: 'G and VT instances on demand' },
    spot: { service: 'ec2', code: 'L-3819A6DF', of: 'G and VT instances on Spot' },
  },
  fargate: {
    'on demand': { service: 'fargate', code: 'L-3032A538', of: 'Fargate on demand' },
    spot: { service: 'fargate', code: 'L-36FBB829', of: 'Fargate Spot' },
  },
} as const;

const markets = ['on demand', 'spot'] as const;
type Market = (typeof markets)[number];

/** What a farm may want of a market at once. */
interface Want {
  market: Market;
  /** vCPUs of the smallest machine that it can start, and of the one that it prefers. */
  smallest: number;
  preferred: number;
  /** Machines at once; undefined where it is unknown. */
  most?: number;
}

/** What a farm runs on, deployed or planned. */
type Capacity = Pick<Deployed, 'compute' | 'task' | 'spot' | 'onDemandBase' | 'most' | 'instanceTypes'>;

/** @param deployed undefined where no stack is known: the GPU quotas are shown as they are */
export function checkQuotas(client: ServiceQuotasClient, deployed: Capacity | undefined): Promise<Finding[]> {
  const kind = deployed?.compute === 'fargate' ? 'fargate' : 'gpu';
  const wants = deployed ? wantsOf(deployed) : markets.map(anyGpu);
  return Promise.all(wants.map((want) => checkQuota(client, kind, want, deployed !== undefined)));
}

/** How many machines a farm may want of each market, the base on demand first. */
export function wantsOf({ task, spot, onDemandBase, most, instanceTypes: types }: Capacity): Want[] {
  const vcpus = types
    ? types.filter(isInstanceType).map((type) => instanceTypes[type].vcpus)
    : [task.cpuUnits / 1024];
  const [preferred = 4] = vcpus;
  const sizes = { smallest: Math.min(...vcpus, preferred), preferred };
  const base = Math.min(onDemandBase, most ?? onDemandBase);
  const wants = spot
    ? { 'on demand': base, spot: most === undefined ? undefined : most - base }
    : { 'on demand': most, spot: 0 };
  return markets
    .map((market) => ({ market, ...sizes, most: wants[market] }))
    .filter(({ most }) => most !== 0);
}

function anyGpu(market: Market): Want {
  const { vcpus } = instanceTypes['g4dn.xlarge'];
  return { market, smallest: vcpus, preferred: vcpus };
}

async function checkQuota(
  client: ServiceQuotasClient,
  kind: 'fargate' | 'gpu',
  want: Want,
  isDeployed: boolean,
): Promise<Finding> {
  const { service, code, of } = quotas[kind][want.market];
  const name = `quota, ${want.market}`;
  const fix =
    'Let this user read quotas (servicequotas:GetServiceQuota), or look in the Service Quotas console.';
  const found = await attempt(name, fix, async () => {
    const { Quota } = await client.send(
      new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code }),
    );
    return validateQuota({ name, of, service, code, isDeployed }, want, Quota?.Value ?? 0);
  });
  // A quota that may not be read keeps no worker from starting.
  return found.fix === fix ? { ...found, state: 'warning' } : found;
}

interface Asked {
  name: string;
  of: string;
  service: string;
  code: string;
  isDeployed: boolean;
}

/** @param vcpus that the account may have at once */
export function validateQuota(
  { name, of, service, code, isDeployed }: Asked,
  want: Want,
  vcpus: number,
): Finding {
  const { smallest, preferred, most } = want;
  const wanted = preferred * (most ?? 1);
  const fix = `Ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${Math.max(wanted, smallest)}`;
  const has = `${vcpus} vCPU of ${of}`;
  const room = Math.floor(vcpus / preferred);
  if (vcpus < smallest) {
    return isDeployed
      ? failed(name, `${has}: not enough for one worker of ${smallest}, so none starts`, fix)
      : warning(name, `${has}: a farm with "compute: gpu" could start none`, fix);
  }
  if (vcpus < wanted) {
    return warning(name, `${has}: room for ${room} of ${most} workers of ${preferred}`, fix);
  }
  return ok(
    name,
    `${has}: room for ${room} workers of ${preferred}${most === undefined ? '' : `, ${most} wanted`}`,
  );
}
