import type { Inputs } from './registered.ts';

/**
 * What the clouds would answer: ids, ARNs and other outputs of each resource, and the answers of data sources. Real in
 * form, so that code which puts them together or takes them apart gets the texts that it will meet.
 */
export const accountId = '123456789012';
export const region = 'us-east-1';

interface Asked {
  type: string;
  name: string;
  inputs: Inputs;
  /** Given when something existing is read. */
  id?: string;
}

export function stateOf({ type, name, inputs, id }: Asked): { id: string; state: Inputs } {
  const physical = String(
    inputs.name ??
      inputs.bucket ??
      inputs.family ??
      inputs.repositoryName ??
      (inputs.bucketPrefix ? `${inputs.bucketPrefix}0a1b2c3` : `${name}-0a1b2c3`),
  );
  const made = outputs[type]?.(physical, inputs) ?? fallback(type, physical);
  const read = id?.startsWith('arn:') ? { arn: id } : {};
  return { id: id || String(made.id ?? physical), state: { name: physical, ...made, ...read, ...inputs } };
}

const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${accountId}:${resource}`;

/** Twelve hex digits that follow from the text: ids like EC2's. */
function hex(text: string): string {
  let hash = 7n;
  for (const character of text) hash = (hash * 31n + BigInt(character.codePointAt(0) ?? 0)) % (1n << 48n);
  return hash.toString(16).padStart(17, '0').slice(-17);
}

const ec2 = (prefix: string, kind: string) => (name: string) => {
  const id = `${prefix}-${hex(name)}`;
  return { id, arn: arn('ec2', `${kind}/${id}`) };
};

const outputs: Record<string, (name: string, inputs: Inputs) => Inputs> = {
  'aws:sqs/queue:Queue': (name) => {
    const url = `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
    return { id: url, url, arn: arn('sqs', name) };
  },
  'aws:sns/topic:Topic': (name) => ({ id: arn('sns', name), arn: arn('sns', name) }),
  'aws:sns/topicSubscription:TopicSubscription': (name) => ({ id: arn('sns', `${name}:11111111-2222`) }),
  'aws:s3/bucket:Bucket': (name) => ({
    id: name,
    bucket: name,
    arn: `arn:aws:s3:::${name}`,
    bucketDomainName: `${name}.s3.amazonaws.com`,
    bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
    region,
  }),
  'aws:ecs/cluster:Cluster': (name) => ({
    id: arn('ecs', `cluster/${name}`),
    arn: arn('ecs', `cluster/${name}`),
  }),
  'aws:ecs/service:Service': (name, { cluster }) => ({
    id: arn('ecs', `service/${String(cluster).split('/').pop()}/${name}`),
  }),
  'aws:ecs/taskDefinition:TaskDefinition': (name) => ({
    id: name,
    arn: arn('ecs', `task-definition/${name}:1`),
    arnWithoutRevision: arn('ecs', `task-definition/${name}`),
    revision: 1,
  }),
  'aws:ecs/capacityProvider:CapacityProvider': (name) => ({
    id: arn('ecs', `capacity-provider/${name}`),
    arn: arn('ecs', `capacity-provider/${name}`),
  }),
  'aws:autoscaling/group:Group': (name) => ({
    id: name,
    arn: arn('autoscaling', `autoScalingGroup:11111111-2222:autoScalingGroupName/${name}`),
  }),
  'aws:ec2/launchTemplate:LaunchTemplate': (name) => ({
    ...ec2('lt', 'launch-template')(name),
    latestVersion: 1,
  }),
  'aws:ec2/securityGroup:SecurityGroup': ec2('sg', 'security-group'),
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup': ec2('sg', 'security-group'),
  'aws:ec2/vpcEndpoint:VpcEndpoint': ec2('vpce', 'vpc-endpoint'),
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': ec2('sgr', 'security-group-rule'),
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': ec2('sgr', 'security-group-rule'),
  'aws:lb/loadBalancer:LoadBalancer': (name) => {
    const arnSuffix = `app/${name}/50dc6c495c0c9188`;
    const made = arn('elasticloadbalancing', `loadbalancer/${arnSuffix}`);
    // As AWS writes it.
    const dnsName = `${name}-1234567890.${region}.elb.amazonaws.com`;
    return { id: made, arn: made, arnSuffix, dnsName, zoneId: 'Z35SXDOTRQ7X7K' };
  },
  'aws:lb/targetGroup:TargetGroup': (name) => {
    const arnSuffix = `targetgroup/${name}/73e2d6bc24d8a067`;
    return {
      id: arn('elasticloadbalancing', arnSuffix),
      arn: arn('elasticloadbalancing', arnSuffix),
      arnSuffix,
    };
  },
  'aws:lb/listener:Listener': (_name, { loadBalancerArn }) => {
    const made = `${String(loadBalancerArn).replace(':loadbalancer/', ':listener/')}/f2f7dc8efc522ab2`;
    return { id: made, arn: made };
  },
  'aws:acm/certificate:Certificate': (_name, { domainName }) => {
    const made = arn('acm', 'certificate/11111111-2222-3333-4444-555555555555');
    const record = {
      domainName,
      resourceRecordName: `_a79865eb4cd1a6ab990a45779b4e0b96.${String(domainName)}.`,
      resourceRecordType: 'CNAME',
      resourceRecordValue: '_424c7224e9b0146f9a8808af955727d0.acm-validations.aws.',
    };
    return { id: made, arn: made, domainValidationOptions: [record] };
  },
  'aws:acm/certificateValidation:CertificateValidation': (_name, { certificateArn }) => ({
    id: String(certificateArn),
    certificateArn,
  }),
  'aws:route53/record:Record': (name, { zoneId, type }) => ({
    id: `${String(zoneId)}_${name}_${String(type)}`,
    fqdn: name.replace(/\.$/, ''),
  }),
  'aws:iam/role:Role': (name) => ({
    id: name,
    arn: `arn:aws:iam::${accountId}:role/${name}`,
    uniqueId: 'AROAEXAMPLE',
  }),
  'aws:iam/policy:Policy': (name) => ({
    id: `arn:aws:iam::${accountId}:policy/${name}`,
    arn: `arn:aws:iam::${accountId}:policy/${name}`,
  }),
  'aws:iam/instanceProfile:InstanceProfile': (name) => ({
    id: name,
    arn: `arn:aws:iam::${accountId}:instance-profile/${name}`,
  }),
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider': (_name, { url }) => {
    const made = `arn:aws:iam::${accountId}:oidc-provider/${String(url).replace('https://', '')}`;
    return { id: made, arn: made };
  },
  'aws:cloudwatch/logGroup:LogGroup': (name) => ({ id: name, arn: arn('logs', `log-group:${name}`) }),
  'aws:cloudwatch/metricAlarm:MetricAlarm': (name) => ({ id: name, arn: arn('cloudwatch', `alarm:${name}`) }),
  'aws:cloudwatch/dashboard:Dashboard': (_name, inputs) => ({
    id: inputs.dashboardName,
    dashboardArn: `arn:aws:cloudwatch::${accountId}:dashboard/${inputs.dashboardName}`,
  }),
  'aws:cloudwatch/eventRule:EventRule': (name) => ({ id: name, arn: arn('events', `rule/${name}`) }),
  'aws:lambda/function:Function': (name) => ({
    id: name,
    arn: arn('lambda', `function:${name}`),
    qualifiedArn: arn('lambda', `function:${name}:1`),
    invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn('lambda', `function:${name}`)}/invocations`,
  }),
  'aws:lambda/functionUrl:FunctionUrl': (name) => ({
    id: name,
    functionUrl: `https://0123456789abcdef.lambda-url.${region}.on.aws/`,
  }),
  'aws:scheduler/schedule:Schedule': (name) => ({
    id: `default/${name}`,
    arn: arn('scheduler', `schedule/default/${name}`),
  }),
  'aws:appautoscaling/target:Target': (_name, inputs) => ({
    id: inputs.resourceId,
    arn: arn('application-autoscaling', 'scalable-target/0ec5'),
  }),
  'aws:appautoscaling/policy:Policy': (name) => ({
    id: name,
    arn: arn('autoscaling', `scalingPolicy:1:policyName/${name}`),
  }),
  'aws:ssm/parameter:Parameter': (name) => ({
    id: name,
    arn: arn('ssm', `parameter/${name.replace(/^\//, '')}`),
    version: 1,
  }),
  'aws:budgets/budget:Budget': (name) => ({
    id: `${accountId}:${name}`,
    arn: `arn:aws:budgets::${accountId}:budget/${name}`,
  }),
  'aws:cloudfront/distribution:Distribution': (name) => ({
    id: 'E1EXAMPLE2ABCD',
    arn: `arn:aws:cloudfront::${accountId}:distribution/E1EXAMPLE2ABCD`,
    domainName: `d111111abcdef8.cloudfront.net`,
    name,
  }),
  'aws:cloudfront/originAccessControl:OriginAccessControl': () => ({ id: 'E2EXAMPLE3ABCD' }),
  'cloudflare:index/r2Bucket:R2Bucket': (name) => ({ id: name, name }),
  'cloudflare:index/r2ManagedDomain:R2ManagedDomain': () => ({
    id: 'managed',
    domain: 'pub-0123456789abcdef.r2.dev',
  }),
  'cloudflare:index/apiToken:ApiToken': () => ({ id: 'f'.repeat(32), value: 'cloudflare-token-value' }),
  'cloudflare:index/accountToken:AccountToken': () => ({
    id: 'f'.repeat(32),
    value: 'cloudflare-token-value',
  }),
  'awsx:ec2:Vpc': (name) => ({
    vpcId: `vpc-${hex(name)}`,
    publicSubnetIds: ['a', 'b', 'c'].map((zone) => `subnet-${hex(name + zone)}`),
    privateSubnetIds: [],
    isolatedSubnetIds: [],
    vpc: { id: `vpc-${hex(name)}`, defaultSecurityGroupId: `sg-${hex(name)}`, cidrBlock: '10.0.0.0/16' },
    routeTables: [{ id: `rtb-${hex(name)}` }],
  }),
  'awsx:ecr:Repository': (name) => ({
    url: `${accountId}.dkr.ecr.${region}.amazonaws.com/${name}`,
    repository: { name, arn: arn('ecr', `repository/${name}`) },
  }),
  'awsx:ecr:Image': (_name, inputs) => ({ imageUri: `${inputs.repositoryUrl}@sha256:${'0'.repeat(64)}` }),
};

function fallback(type: string, name: string): Inputs {
  const [service, kind = ''] = type
    .replace(/:[^:]*$/, '')
    .replace(/^aws:/, '')
    .split('/');
  return type.startsWith('aws:') ? { id: name, arn: arn(service ?? '', `${kind}/${name}`) } : { id: name };
}

/** What a provider throws where there is nothing of that kind, as the program foresees. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** Answers a data source. Throws on one that it does not know: an unforeseen lookup must not pass unseen. */
export function answerOf(token: string, inputs: Inputs): Inputs {
  const answer = answers[token];
  if (!answer) throw new Error(`no answer for the data source ${token}(${JSON.stringify(inputs)})`);
  return answer(inputs);
}

const answers: Record<string, (inputs: Inputs) => Inputs> = {
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({
    accountId,
    arn: `arn:aws:iam::${accountId}:user/ada`,
    userId: 'AIDAEXAMPLE',
    id: accountId,
  }),
  'aws:index/getRegion:getRegion': () => ({
    id: region,
    name: region,
    region,
    description: 'US East (N. Virginia)',
  }),
  'aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider': () => {
    throw new NotFoundError('the account has no OIDC provider for GitHub');
  },
  // Asked where Docker does not answer.
  'aws:ecr/getRepositories:getRepositories': () => ({ id: region, names: [] }),
  'aws:index/getPartition:getPartition': () => ({ id: 'aws', partition: 'aws', dnsSuffix: 'amazonaws.com' }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': () => ({
    id: region,
    names: ['a', 'b', 'c'].map((zone) => region + zone),
    zoneIds: ['use1-az1', 'use1-az2', 'use1-az3'],
  }),
  'aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings': () => {
    const locations = ['a', 'b', 'c'].map((zone) => region + zone);
    return {
      id: region,
      locations,
      instanceTypes: locations.map(() => 'g4dn.xlarge'),
      locationTypes: locations.map(() => 'availability-zone'),
    };
  },
  'aws:s3/getBucket:getBucket': ({ bucket }) => ({
    id: bucket,
    bucket,
    arn: `arn:aws:s3:::${bucket}`,
    bucketRegionalDomainName: `${bucket}.s3.${region}.amazonaws.com`,
    // `region` is the provider's here, `bucketRegion` the bucket's.
    region,
    bucketRegion: region,
  }),
  'aws:ssm/getParameter:getParameter': ({ name }) => ({
    id: name,
    name,
    value: 'ami-0123456789abcdef0',
    type: 'String',
  }),
  'cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList': () => ({
    results: ['Read', 'Write'].map((kind, index) => ({
      id: String(index).repeat(32),
      name: `Workers R2 Storage Bucket Item ${kind}`,
      scopes: ['com.cloudflare.edge.r2.bucket'],
    })),
  }),
};
