import * as aws from '@pulumi/aws';
import * as awsx from '@pulumi/awsx';
import * as pulumi from '@pulumi/pulumi';

/** An existing network, to use instead of an own one. */
export interface ExistingNetwork {
  vpcId: pulumi.Input<string>;
  /** Subnets with a way to the internet: workers fetch their image, poll SQS and reach R2 or Wasabi. */
  subnetIds: pulumi.Input<string[]>;
}

/** Address range of an own network. */
const cidrBlock = '10.60.0.0/16';

/** More zones find more Spot capacity. New accounts find only two in us-west-1. */
const maxZones = 3;

/**
 * Where workers live: public subnets with a way out and no way in.
 *
 * An own VPC of public subnets (or existing ones), a gateway endpoint that takes S3 traffic off the internet, a security
 * group without any inbound rule, and the VPC's default security group shut.
 *
 * Cost: nothing while idle. A NAT gateway would be 0.045 $/h x 730 = $33 a month in us-east-1; instead a running worker has a
 * public address at 0.005 $/h (https://aws.amazon.com/vpc/pricing/). Gateway endpoints are free.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  /** The zone of each subnet, in their order; undefined in an existing network. */
  readonly zones: Promise<string[]> | undefined;
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, existing?: ExistingNetwork, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:Network', name, {}, opts);
    const { vpcId, subnetIds, zones }: ExistingNetwork & Partial<OwnNetwork> =
      existing ?? createVpc(this, name);
    this.vpcId = pulumi.output(vpcId);
    this.subnetIds = pulumi.output(subnetIds);
    this.zones = zones;
    this.securityGroupId = createSecurityGroup(this, name, this.vpcId);
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      securityGroupId: this.securityGroupId,
    });
  }
}

interface OwnNetwork extends ExistingNetwork {
  zones: Promise<string[]>;
}

/**
 * The first zones of the region, without Local Zones and Wavelength Zones that the account has opted in to: they have neither Fargate
 * nor every instance type. The first ones always, as a subnet can't be moved to another zone while its address range is in use.
 */
async function usualZones(parent: Network): Promise<string[]> {
  const filters = [{ name: 'opt-in-status', values: ['opt-in-not-required'] }];
  const { names } = await aws.getAvailabilityZones({ state: 'available', filters }, { parent });
  return names.slice(0, maxZones);
}

function createVpc(parent: Network, name: string): OwnNetwork {
  const zones = usualZones(parent);
  const vpc = new awsx.ec2.Vpc(
    name,
    {
      cidrBlock,
      // The type wants plain names; Pulumi awaits a promise before it sends them on.
      availabilityZoneNames: zones as unknown as string[],
      enableDnsHostnames: true,
      subnetStrategy: awsx.ec2.SubnetAllocationStrategy.Auto,
      subnetSpecs: [{ type: awsx.ec2.SubnetType.Public }],
      natGateways: { strategy: awsx.ec2.NatGatewayStrategy.None },
    },
    { parent },
  );
  // The group of whatever names no other: it lets nothing in and nothing out.
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
  return { vpcId: vpc.vpcId, subnetIds: vpc.publicSubnetIds, zones };
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
