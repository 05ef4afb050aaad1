import * as aws from '@pulumi/aws';
import * as awsx from '@pulumi/awsx';
import * as pulumi from '@pulumi/pulumi';

export interface NetworkArgs {
  /** An existing VPC to use instead of an own one; `subnetIds` must then be given too. */
  vpcId?: pulumi.Input<string>;
  /** Subnets of that VPC with a way to the internet: workers fetch their image, poll SQS and reach R2 or Wasabi. */
  subnetIds?: pulumi.Input<string>[];
  /** Address range of the own VPC. Changing it REPLACES the network. @default '10.60.0.0/16' */
  cidrBlock?: string;
  /** Zones of the own VPC; more zones find more Spot capacity. @default 3 */
  zones?: number;
}

/**
 * Where workers live: public subnets with a way out and no way in.
 *
 * An own VPC of public subnets (or existing ones), a gateway endpoint that takes S3 traffic off the internet, a security
 * group without any inbound rule, and the VPC's default security group shut.
 *
 * Cost: nothing while idle. A NAT gateway would be 0.045 $/h x 730 = $33 a month in us-east-1; instead a running worker has a
 * public address of its own at 0.005 $/h (https://aws.amazon.com/vpc/pricing/). Gateway endpoints are free.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:Network', name, {}, opts);
    const { vpcId, subnetIds } = existing(name, args) ?? createVpc(this, name, args);
    this.vpcId = pulumi.output(vpcId);
    this.subnetIds = pulumi.output(subnetIds);
    this.securityGroupId = createSecurityGroup(this, name, this.vpcId);
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      securityGroupId: this.securityGroupId,
    });
  }
}

type Place = { vpcId: pulumi.Input<string>; subnetIds: pulumi.Input<pulumi.Input<string>[]> };

function existing(name: string, { vpcId, subnetIds = [] }: NetworkArgs): Place | undefined {
  if (vpcId !== undefined && subnetIds.length > 0) return { vpcId, subnetIds };
  if (vpcId === undefined && subnetIds.length === 0) return undefined;
  const missing = vpcId === undefined ? '"vpcId"' : '"subnetIds"';
  throw new Error(
    `Network "${name}": ${missing} is missing. An existing network needs "vpcId" and at least one of "subnetIds"; leave out both for an own network.`,
  );
}

function createVpc(
  parent: Network,
  name: string,
  { cidrBlock = '10.60.0.0/16', zones = 3 }: NetworkArgs,
): Place {
  const vpc = new awsx.ec2.Vpc(
    name,
    {
      cidrBlock,
      numberOfAvailabilityZones: zones,
      enableDnsHostnames: true,
      subnetStrategy: awsx.ec2.SubnetAllocationStrategy.Auto,
      subnetSpecs: [{ type: awsx.ec2.SubnetType.Public }],
      natGateways: { strategy: awsx.ec2.NatGatewayStrategy.None },
    },
    { parent },
  );
  // Everybody in a VPC gets this group who names no other: it lets nothing in and nothing out.
  new aws.ec2.DefaultSecurityGroup(
    `${name}-default`,
    { vpcId: vpc.vpcId, ingress: [], egress: [] },
    { parent },
  );
  new aws.ec2.VpcEndpoint(
    `${name}-s3`,
    {
      vpcId: vpc.vpcId,
      vpcEndpointType: 'Gateway',
      serviceName: pulumi.interpolate`com.amazonaws.${aws.getRegionOutput({}, { parent }).region}.s3`,
      routeTableIds: vpc.routeTables.apply((tables) => tables.map((table) => table.id)),
    },
    { parent },
  );
  return { vpcId: vpc.vpcId, subnetIds: vpc.publicSubnetIds };
}

function createSecurityGroup(
  parent: Network,
  name: string,
  vpcId: pulumi.Output<string>,
): pulumi.Output<string> {
  const group = new aws.ec2.SecurityGroup(
    `${name}-worker`,
    { vpcId, description: 'Transcoding workers: nothing in, everything out', revokeRulesOnDelete: true },
    { parent },
  );
  // Sources, webhooks and databases may be anywhere and on any port, so the way out can't be narrowed here.
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-worker-out`,
    {
      securityGroupId: group.id,
      description: 'Object storage, SQS, ECR, webhooks, database',
      ipProtocol: '-1',
      cidrIpv4: '0.0.0.0/0',
    },
    { parent },
  );
  return group.id;
}
