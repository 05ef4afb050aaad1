import {
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeRegionsCommand,
  type EC2Client,
  GetEbsDefaultKmsKeyIdCommand,
} from '@aws-sdk/client-ec2';
import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { plainText } from '../../../infra/settings/sources.ts';
import { consult, type Finding, failed, notAsked, ok, warning } from '../finding.ts';

/** Newer regions are off until the account switches them on. */
export function checkRegionEnabled(ec2: EC2Client, region: string): Promise<Finding> {
  const fix = `aws account enable-region --region-name ${region}`;
  return consult('region enabled', 'ec2:DescribeRegions', async () => {
    const { Regions = [] } = await ec2.send(
      new DescribeRegionsCommand({ AllRegions: true, RegionNames: [region] }),
    );
    const status = Regions[0]?.OptInStatus;
    if (status === undefined)
      return failed(
        'region enabled',
        `AWS has no region "${region}"`,
        'pulumi config set aws:region us-east-1',
      );
    if (status !== 'not-opted-in') return ok('region enabled', `${region} is enabled in this account`);
    return failed('region enabled', `${region} is not enabled in this account`, fix);
  });
}

/** New accounts find only two in some regions, and the farm takes up to three. */
const minZones = 2;

/** Functions run outside of any network. */
export function usesNetwork({ compute, portal }: Pick<FarmSettings, 'compute' | 'portal'>): boolean {
  return compute.kind !== 'function' || portal?.host.kind === 'service';
}

/** Whether the region offers the zones and the GPU instance types that the stack names. */
export async function checkZones(
  ec2: EC2Client,
  settings: Pick<FarmSettings, 'compute' | 'network' | 'portal'>,
): Promise<Finding[]> {
  const { compute, network } = settings;
  if (!usesNetwork(settings)) return [];
  if (network.existing)
    return [notAsked('zones', `the stack uses the network ${plainText(network.existing.vpcId)}`)];
  let zones: string[] = [];
  const found = await consult('zones', 'ec2:DescribeAvailabilityZones', async () => {
    const { AvailabilityZones = [] } = await ec2.send(
      new DescribeAvailabilityZonesCommand({
        // Local Zones, which an account opts in to, have neither Fargate nor most instance types.
        Filters: [
          { Name: 'opt-in-status', Values: ['opt-in-not-required'] },
          { Name: 'state', Values: ['available'] },
        ],
      }),
    );
    zones = AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
    if (zones.length >= minZones) return ok('zones', zones.join(', '));
    return failed(
      'zones',
      `the region offers ${zones.length} availability zones, and the farm's network takes ${minZones}`,
      'pulumi config set aws:region us-east-1',
    );
  });
  if (compute.kind !== 'gpu' || zones.length === 0) return [found];
  return [found, await checkInstanceTypes(ec2, compute.instanceTypes, zones)];
}

function checkInstanceTypes(
  ec2: EC2Client,
  types: readonly string[],
  zones: readonly string[],
): Promise<Finding> {
  const name = 'instance types';
  return consult(name, 'ec2:DescribeInstanceTypeOfferings', async () => {
    const { InstanceTypeOfferings = [] } = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: [...types] }],
      }),
    );
    const zonesOf = (type: string) =>
      InstanceTypeOfferings.filter(({ InstanceType }) => InstanceType === type)
        .flatMap(({ Location }) => Location ?? [])
        .filter((zone) => zones.includes(zone))
        .sort();
    return validateOfferings(new Map(types.map((type) => [type, zonesOf(type)])), zones.length);
  });
}

/** @param offered the zones that offer each type, in the stack's order of preference */
export function validateOfferings(offered: ReadonlyMap<string, readonly string[]>, zones: number): Finding {
  const name = 'instance types';
  const texts = [...offered].map(([type, places]) => {
    if (places.length === zones) return `${type} in all zones`;
    return places.length === 0 ? `${type} nowhere` : `${type} in ${places.join(', ')}`;
  });
  const missing = [...offered].filter(([, places]) => places.length === 0).map(([type]) => type);
  const present = [...offered.keys()].filter((type) => !missing.includes(type));
  const why = `offered: ${texts.join('; ')}`;
  if (missing.length === 0) return ok(name, why);
  const [other] = present;
  if (other === undefined) {
    return failed(
      name,
      `this region offers none of ${missing.join(', ')}`,
      'pulumi config set aws:region us-east-1',
    );
  }
  return warning(name, why, `pulumi config set instanceTypes '${JSON.stringify(present)}'`);
}

/** With a customer key as the default, Auto Scaling needs a grant, or no GPU instance starts. */
export function checkEbsKey(ec2: EC2Client, account: string): Promise<Finding> {
  const name = 'default EBS key';
  return consult(name, 'ec2:GetEbsDefaultKmsKeyId', async () => {
    const { KmsKeyId = '' } = await ec2.send(new GetEbsDefaultKmsKeyIdCommand({}));
    if (/(^|[:/])alias\/aws\/ebs$/.test(KmsKeyId)) return ok(name, "AWS's own key encrypts the volumes");
    return warning(
      name,
      `${KmsKeyId} is the default key of the account's volumes: without a grant for Auto Scaling no instance starts`,
      // https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
      `aws kms create-grant --key-id ${KmsKeyId} --grantee-principal arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling --operations Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant`,
    );
  });
}
