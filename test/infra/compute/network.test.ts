import { describe, expect, it } from 'vitest';
import { type ExistingNetwork, Network } from '../../../infra/compute/network.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const network = (args?: ExistingNetwork) => record(() => new Network('farm', args));

describe('an own network', () => {
  it('has public subnets and no NAT gateway', async () => {
    const made = await network();
    expect(made.resource('awsx:ec2:Vpc').inputs).toMatchObject({
      natGateways: { strategy: 'None' },
      subnetSpecs: [{ type: 'Public' }],
      availabilityZoneNames: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
    });
    expect(await promiseOf(made.result.subnetIds)).toHaveLength(3);
  });

  it('lets nothing in', async () => {
    const made = await network();
    expect(made.resource('aws:ec2/securityGroup:SecurityGroup').inputs.ingress).toBeUndefined();
    expect(made.resourcesOf('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule')).toEqual([]);
    expect(made.resourcesOf('aws:ec2/securityGroupRule:SecurityGroupRule')).toEqual([]);
  });

  it('shuts the default security group in both directions', async () => {
    const made = await network();
    expect(made.resource('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup').inputs).toMatchObject({
      ingress: [],
      egress: [],
    });
  });

  it('reaches S3 through a gateway endpoint on the routes of its subnets', async () => {
    const made = await network();
    expect(made.resource('aws:ec2/vpcEndpoint:VpcEndpoint').inputs).toMatchObject({
      vpcEndpointType: 'Gateway',
      serviceName: 'com.amazonaws.us-east-1.s3',
      routeTableIds: [expect.stringMatching(/^rtb-/)],
    });
  });

  it('describes its security group and the way out', async () => {
    const made = await network();
    const rule = made.resource('aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule').inputs;
    expect(rule.securityGroupId).toBe(await promiseOf(made.result.securityGroupId));
    expect(rule.description).toBeTruthy();
    expect(made.resource('aws:ec2/securityGroup:SecurityGroup').inputs.description).toBeTruthy();
  });
});

describe('an existing network', () => {
  it('gets a security group and nothing else', async () => {
    const made = await network({ vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] });
    expect(await promiseOf(made.result.subnetIds)).toEqual(['subnet-1', 'subnet-2']);
    expect(made.resource('aws:ec2/securityGroup:SecurityGroup').inputs.vpcId).toBe('vpc-1');
    expect(made.resources.map(({ type }) => type)).toEqual([
      'transcode-farm:compute:Network',
      'aws:ec2/securityGroup:SecurityGroup',
      'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
    ]);
  });
});
