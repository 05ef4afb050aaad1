import { UserError } from '../../cli/errors.ts';
import type { InstanceTypeName } from '../../infra/compute/instance-types.ts';

/**
 * What is paid for, in US dollars without tax. List prices: no Savings Plan, no volume discount, no credits of new accounts.
 *
 * The sellers' pages draw their tables by script, so most figures were read elsewhere; each says where, and how sure it is.
 */
export interface Price {
  /** For people, such as `CloudWatch alarms`. */
  name: string;
  usd: number;
  /** What it buys, such as `vCPU-hour`. */
  per: string;
  /** The seller's own page. */
  source: string;
  /** Where the figure was read, and when that page is from. */
  read: string;
  /**
   * `seller`: in the seller's own text or price list. `others`: several public pages agree. `unconfirmed`: one page, or prices that
   * change by the hour.
   */
  confirmed: 'seller' | 'others' | 'unconfirmed';
  /** What each account gets free each month, for good, in the unit of `per`. Offers for the first year are left out. */
  freePerMonth?: number;
}

/** The one AWS region that these prices are of. */
export const pricedRegion = 'us-east-1';

/** When the table was last gone through. */
export const pricesDate = '2026-11-26';

/** A month is 730 hours, as in AWS's own calculator: https://docs.aws.amazon.com/pricing-calculator/ */
export const hoursPerMonth = 730;

const cloudWatch = {
  source: 'https://aws.amazon.com/cloudwatch/pricing/',
  read: 'free allowances on that page; rates: https://cloudburn.io/blog/amazon-cloudwatch-pricing (February 2026)',
  confirmed: 'others',
} as const;
const fargate = {
  source: 'https://aws.amazon.com/fargate/pricing/',
  read: 'https://www.factualminds.com/blog/amazon-fargate-ecs-task-pricing-2026/ (June 2026), https://www.vantage.sh/blog/fargate-pricing',
  confirmed: 'others',
} as const;
const fargateSpot = {
  source: fargate.source,
  read: 'half of On-Demand: Spot is 50 to 70 % less, says https://fortem.dev/fargate-spot/ (June 2026); this is the careful end',
  confirmed: 'unconfirmed',
} as const;
const s3 = {
  source: 'https://aws.amazon.com/s3/pricing/',
  read: 'https://dev.to/sh20raj/aws-s3-pricing-for-beginners-3fc2, https://gist.github.com/EverettBerry/a37438006529a55f42da6fdbc44a505c',
  confirmed: 'others',
} as const;
const r2 = {
  source: 'https://developers.cloudflare.com/r2/pricing/',
  read: "Cloudflare's own text of that page, on GitHub: cloudflare/cloudflare-docs",
  confirmed: 'seller',
} as const;
const lambda = {
  source: 'https://aws.amazon.com/lambda/pricing/',
  read: 'https://cloudchipr.com/blog/aws-lambda-pricing; free allowances on that page (September 2026)',
  confirmed: 'others',
} as const;

const loadBalancing = {
  source: 'https://aws.amazon.com/elasticloadbalancing/pricing/',
  read: 'examples on that page, as https://github.com/api-evangelist/amazon-elastic-load-balancing has them word for word (September 2026)',
  confirmed: 'seller',
} as const;

export const prices = {
  // What a worker runs on
  fargateVcpu: { name: 'Fargate vCPU', usd: 0.04048, per: 'vCPU-hour', ...fargate },
  fargateMemory: { name: 'Fargate memory', usd: 0.004445, per: 'GB-hour', ...fargate },
  /** Above the 20 GB that each task has. */
  fargateStorage: { name: 'Fargate scratch space above 20 GB', usd: 0.000111, per: 'GB-hour', ...fargate },
  fargateSpotVcpu: { name: 'Fargate Spot vCPU', usd: 0.02024, per: 'vCPU-hour', ...fargateSpot },
  fargateSpotMemory: { name: 'Fargate Spot memory', usd: 0.0022225, per: 'GB-hour', ...fargateSpot },
  publicIpv4: {
    name: 'public IPv4',
    usd: 0.005,
    per: 'address-hour',
    source: 'https://aws.amazon.com/vpc/pricing/',
    read: 'https://www.doit.com/aws-public-ipv4-price-increase-the-complete-guide/ (February 2024)',
    confirmed: 'others',
  },
  ebsGp3: {
    name: 'EBS gp3',
    usd: 0.08,
    per: 'GB-month',
    source: 'https://aws.amazon.com/ebs/pricing/',
    read: 'public price tables (April 2026)',
    confirmed: 'others',
  },

  // What is before a portal in containers
  loadBalancer: { name: 'Application Load Balancer', usd: 0.0225, per: 'hour', ...loadBalancing },
  /** The most of: 25 new connections a second, 3,000 open ones, 1 GB an hour, 1,000 rules a second. */
  loadBalancerUnit: { name: 'load balancer capacity (LCU)', usd: 0.008, per: 'LCU-hour', ...loadBalancing },

  // What watches and wakes
  lambdaRequest: { name: 'Lambda requests', usd: 0.2 / 1e6, per: 'request', freePerMonth: 1e6, ...lambda },
  /** arm64. */
  lambdaDuration: {
    name: 'Lambda on arm64',
    usd: 0.0000133334,
    per: 'GB-second',
    freePerMonth: 400_000,
    ...lambda,
  },
  lambdaDurationX86: {
    name: 'Lambda on x86_64',
    usd: 0.0000166667,
    per: 'GB-second',
    ...lambda,
  },
  /** Above the half GB that each function has. */
  lambdaStorage: {
    name: 'Lambda scratch space above 0.5 GB',
    usd: 0.0000000309,
    per: 'GB-second',
    ...lambda,
  },
  sqsRequest: {
    name: 'SQS',
    usd: 0.4 / 1e6,
    per: 'request',
    freePerMonth: 1e6,
    source: 'https://aws.amazon.com/sqs/pricing/',
    read: 'https://cloudburn.io/blog/amazon-sqs-pricing (March 2026)',
    confirmed: 'others',
  },
  alarmMetric: { name: 'CloudWatch alarms', usd: 0.1, per: 'metric-month', freePerMonth: 10, ...cloudWatch },
  dashboard: {
    name: 'CloudWatch dashboards',
    usd: 3,
    per: 'dashboard-month',
    freePerMonth: 3,
    ...cloudWatch,
  },
  customMetric: {
    name: 'CloudWatch custom metrics',
    usd: 0.3,
    per: 'metric-month',
    freePerMonth: 10,
    ...cloudWatch,
  },
  logIngestion: { name: 'CloudWatch Logs, ingestion', usd: 0.5, per: 'GB', freePerMonth: 5, ...cloudWatch },
  ecrStorage: {
    name: 'ECR',
    usd: 0.1,
    per: 'GB-month',
    source: 'https://aws.amazon.com/ecr/pricing/',
    read: 'https://cloudburn.io/blog/amazon-ecr-pricing (March 2026)',
    confirmed: 'others',
  },

  // Where films are
  s3Storage: { name: 'S3 Standard', usd: 0.023, per: 'GB-month', ...s3 },
  /** PUT, COPY, POST and LIST. */
  s3Write: { name: 'S3 PUT, POST, LIST', usd: 0.005 / 1000, per: 'request', ...s3 },
  /** GET and HEAD. */
  s3Read: { name: 'S3 GET, HEAD', usd: 0.0004 / 1000, per: 'request', ...s3 },
  r2Storage: { name: 'R2', usd: 0.015, per: 'GB-month', freePerMonth: 10, ...r2 },
  /** Class A: PUT, LIST. */
  r2Write: { name: 'R2 class A (PUT, LIST)', usd: 4.5 / 1e6, per: 'request', freePerMonth: 1e6, ...r2 },
  /** Class B: GET, HEAD. */
  r2Read: { name: 'R2 class B (GET, HEAD)', usd: 0.36 / 1e6, per: 'request', freePerMonth: 10e6, ...r2 },
  /** At least 1 TB, and each object for at least 90 days; requests are free. */
  wasabiStorage: {
    name: 'Wasabi',
    usd: 7.99,
    per: 'TB-month',
    source: 'https://wasabi.com/pricing',
    read: 'https://github.com/api-evangelist/wasabi: 7.99 from July 2026, 6.99 before',
    confirmed: 'unconfirmed',
  },
  /** From AWS to anywhere that is not AWS: R2 and Wasabi too. The way in is free. */
  internetOut: {
    name: 'transfer from AWS to the internet',
    usd: 0.09,
    per: 'GB',
    freePerMonth: 100,
    source: 'https://aws.amazon.com/ec2/pricing/on-demand/',
    read: 'https://awsnegotiations.com/internet-egress-free-tier-guide (May 2026)',
    confirmed: 'others',
  },

  // What others have
  /** AVC, one pass, up to 30 frames per second, SD. HD counts as 2 such minutes, 4K as 4; above 30 frames per second twice as many. */
  mediaConvertMinute: {
    name: 'MediaConvert, Basic tier',
    usd: 0.0075,
    per: 'normalized minute',
    source: 'https://aws.amazon.com/mediaconvert/pricing/',
    read: 'the first tier, from public code of 2025 and 2026; in 2021 the same: https://gist.github.com/0xdeepmehta/2c2f548b19e29ed71e30492c1587770b',
    confirmed: 'others',
  },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;

/** The price under a name, in its full form. */
export function priceOf(name: PriceName): Price {
  return prices[name];
}

/** Where the prices of instances are from. */
export const instancesSource = {
  onDemand:
    "AWS's price list of 19 January 2026, as AWS's Karpenter has it (https://github.com/aws/karpenter-provider-aws/blob/031e72b6099630e960dacb88b48a7e9bb780945f/pkg/providers/pricing/zz_generated.pricing_aws.go)",
  spot: 'lowest and highest zone of us-east-1 in a public catalogue (https://github.com/skypilot-org/skypilot-catalog at 2c3d7ea7d76bf84cf80d382e946c1609571485fd, 2026); costs use the highest. It changes by the hour: https://aws.amazon.com/ec2/spot/pricing/',
} as const;

/** Linux, US dollars an hour. */
interface InstancePrice {
  onDemand: number;
  /** Undefined where no figure is known. */
  spot?: { from: number; to: number };
}

export const instances: Record<InstanceTypeName, InstancePrice> = {
  'g4dn.xlarge': { onDemand: 0.526, spot: { from: 0.2132, to: 0.216 } },
  'g4dn.2xlarge': { onDemand: 0.752 },
  'g4dn.4xlarge': { onDemand: 1.204 },
  'g4dn.8xlarge': { onDemand: 2.176 },
  'g4dn.12xlarge': { onDemand: 3.912 },
  'g5.xlarge': { onDemand: 1.006 },
  'g5.2xlarge': { onDemand: 1.212 },
  'g5.4xlarge': { onDemand: 1.624 },
  'g5.8xlarge': { onDemand: 2.448 },
  'g5.12xlarge': { onDemand: 5.672 },
  'g6.xlarge': { onDemand: 0.8048, spot: { from: 0.347, to: 0.5525 } },
  'g6.2xlarge': { onDemand: 0.9776 },
  'g6.4xlarge': { onDemand: 1.3232 },
  'g6.8xlarge': { onDemand: 2.0144 },
  'g6.12xlarge': { onDemand: 4.6016 },
  'g6e.xlarge': { onDemand: 1.861 },
  'g6e.2xlarge': { onDemand: 2.24208 },
  'g6e.4xlarge': { onDemand: 3.00424 },
  'g6e.8xlarge': { onDemand: 4.52856 },
  'g6e.12xlarge': { onDemand: 10.49264 },
};

/**
 * What an instance of a type costs an hour, in US dollars.
 * @throws UserError that names the types that have a price
 */
export function instancePrice(type: string): InstancePrice {
  if (Object.hasOwn(instances, type)) return instances[type as InstanceTypeName];
  throw new UserError(
    `There is no price for the instance type "${type}". There is one for ${Object.keys(instances).join(', ')}; add it to tools/cost/prices.ts.`,
  );
}

/**
 * Prices are of one region.
 * @throws UserError for any other
 */
export function assertPriced(region: string): void {
  if (region === pricedRegion) return;
  throw new UserError(`There are no prices for the region "${region}", only for ${pricedRegion}.`);
}
