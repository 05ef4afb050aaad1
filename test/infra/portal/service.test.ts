import { beforeAll, describe, expect, it } from 'vitest';
import { readAddress } from '../../../cli/farm/address.ts';
import { readPortalSettings } from '../../../portal/src/settings.ts';
import type { Container } from '../../../tools/program-run/farm.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import { loadStack, madeUpSecrets } from '../../../tools/program-run/stacks.ts';
import { type FarmRecording, field, readFarmSettings, recordFarm } from '../../helpers/program/farm.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const passwordHash = String(madeUpSecrets.portalPasswordHash);
const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
const named = { portalDomain: 'films.example.com', portalCertificateArn: certificate };
const asked = { portal: 'service', portalPasswordHash: passwordHash };
const stackWith = (changes: Record<string, string> = named) => bareStack({ ...asked, ...changes });

const vpc = { vpcId: 'vpc-0123456789abcdef0' };
const twoSubnets = '["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]';

const ofType = (farm: FarmRecording, type: string) => farm.resource(type, 'farm-portal').inputs;
const listener = (farm: FarmRecording, suffix: string) =>
  farm.resource('aws:lb/listener:Listener', `farm-web-${suffix}`).inputs;
const containerOf = (farm: FarmRecording): Container =>
  (
    JSON.parse(
      String(ofType(farm, 'aws:ecs/taskDefinition:TaskDefinition').containerDefinitions),
    ) as Container[]
  )[0] ?? expect.fail('no container');
const variablesOf = (farm: FarmRecording) =>
  Object.fromEntries(containerOf(farm).environment.map(({ name, value }) => [name, value]));
const rightsOf = (farm: FarmRecording, role: string) =>
  statementsOf(farm).filter(({ at }) => at === `aws:iam/rolePolicy:RolePolicy farm-portal${role}`);

describe('settings', () => {
  it('refuses a service without a certificate, and names every way to get HTTPS', async () => {
    const refused = expect(readFarmSettings(asked)).rejects;
    await refused.toThrow('portal "service" needs a domain and a certificate for it');
    for (const way of [
      'portalDomain films.example.com',
      'portalZoneId',
      'portalCertificateArn',
      'portalAllowHttp true',
    ])
      await expect(readFarmSettings(asked)).rejects.toThrow(`pulumi config set ${way}`);
  });

  it.each([
    ['portalCertificateArn', certificate],
    ['portalZoneId', 'Z0123456789ABCDEFGHIJ'],
  ])('refuses %s without the domain that it is for', async (key, value) => {
    await expect(readFarmSettings({ ...asked, [key]: value })).rejects.toThrow('portalDomain is not set');
  });

  it('takes http only where a setting says so, and not where there is a certificate', async () => {
    const open = await readFarmSettings({ ...asked, portalAllowHttp: 'true' });
    expect(open.portal?.host).toMatchObject({ kind: 'service', entry: { scheme: 'http' } });
    const both = await readFarmSettings({ ...asked, ...named, portalAllowHttp: 'true' });
    expect(both.portal?.host).toMatchObject({ entry: { scheme: 'https' } });
    expect(both.notes).toEqual(['portalAllowHttp is set but not used: the portal has a certificate.']);
  });

  it.each([
    ['https://films.example.com', 'portalDomain is "https://films.example.com"'],
    ['localhost', 'portalDomain is "localhost"'],
  ])('refuses %s as a domain', async (portalDomain, message) => {
    await expect(readFarmSettings({ ...asked, ...named, portalDomain })).rejects.toThrow(message);
  });

  it('refuses private subnets for a load balancer that browsers are to reach, and takes public ones beside them', async () => {
    const inside = { ...asked, ...named, ...vpc, subnetIds: twoSubnets, assignPublicIp: 'false' };
    await expect(readFarmSettings(inside)).rejects.toThrow(
      /portalSubnetIds is not set, and assignPublicIp is false.*\n.*portalSubnetIds\[0\]/,
    );
    const beside = await readFarmSettings({
      ...inside,
      portalSubnetIds: '["subnet-0123456789abcdef2","subnet-0123456789abcdef3"]',
    });
    expect(beside.portal?.host).toMatchObject({
      publicSubnetIds: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
    });
  });

  it('refuses a single subnet, as a load balancer takes two', async () => {
    const one = { ...asked, ...named, ...vpc, subnetIds: '["subnet-0123456789abcdef0"]' };
    await expect(readFarmSettings(one)).rejects.toThrow(
      /subnetIds has one subnet.*\n.*--path 'subnetIds\[1\]'/,
    );
  });

  it("refuses subnets of another network beside the farm's own", async () => {
    await expect(readFarmSettings({ ...asked, ...named, portalSubnetIds: twoSubnets })).rejects.toThrow(
      'portalSubnetIds is set, and the farm makes its own network',
    );
  });

  it('says which of its settings a function has no use for', async () => {
    const { notes } = await readFarmSettings({ ...asked, ...named, portal: 'function' });
    expect(notes).toEqual([
      'portalDomain is set but not used: portal is "function".',
      'portalCertificateArn is set but not used: portal is "function".',
    ]);
  });
});

describe('a portal in containers', () => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await recordFarm(stackWith());
  });

  it('is reached by HTTPS alone: http leads there, with the certificate that was given', () => {
    expect(listener(farm, 'https')).toMatchObject({
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
      certificateArn: certificate,
      defaultActions: [
        { type: 'forward', targetGroupArn: expect.stringContaining(':targetgroup/farm-web-') },
      ],
    });
    expect(listener(farm, 'http')).toMatchObject({
      port: 80,
      defaultActions: [{ type: 'redirect', redirect: { protocol: 'HTTPS', statusCode: 'HTTP_301' } }],
    });
  });

  it('has its domain as its address, and says where a CNAME must lead', async () => {
    expect(await promiseOf(farm.result.portalUrl)).toBe('https://films.example.com/');
    expect(await promiseOf(farm.result.portalTarget)).toMatch(/^farm-web-.*\.elb\.amazonaws\.com$/);
    expect(farm.resourcesOf('aws:route53/record:Record')).toEqual([]);
    expect(farm.resourcesOf('aws:acm/certificate:Certificate')).toEqual([]);
  });

  it('is reached by its load balancer and by no one else, and calls by HTTPS alone', () => {
    const groups = Object.fromEntries(
      farm.resourcesOf('aws:ec2/securityGroup:SecurityGroup').map(({ name, outputs }) => [outputs.id, name]),
    );
    const rules = [
      'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
      'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
    ].flatMap((type) =>
      farm.resourcesOf(type).map(({ inputs }) => {
        const way = type.includes('Ingress') ? 'in' : 'out';
        const other = inputs.cidrIpv4 ?? groups[String(inputs.referencedSecurityGroupId)];
        return `${groups[String(inputs.securityGroupId)]} ${way} ${inputs.ipProtocol} ${inputs.fromPort ?? ''} ${other}`;
      }),
    );
    expect(rules.filter((rule) => !rule.includes('worker')).sort()).toEqual([
      'farm-portal in tcp 8080 farm-web',
      'farm-portal out tcp 443 0.0.0.0/0',
      'farm-web in tcp 443 0.0.0.0/0',
      'farm-web in tcp 80 0.0.0.0/0',
      'farm-web out tcp 8080 farm-portal',
    ]);
    expect(rules.filter((rule) => / in .*worker|worker.* in /.test(rule))).toEqual([]);
  });

  it('drops headers that are not valid, and adds the address of each client to those that the portal reads', () => {
    expect(farm.resource('aws:lb/loadBalancer:LoadBalancer').inputs).toMatchObject({
      internal: false,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: 'strictest',
      xffHeaderProcessingMode: 'append',
      preserveHostHeader: true,
      subnets: ['a', 'b', 'c'].map(() => expect.stringMatching(/^subnet-/)),
    });
  });

  it('is healthy while /health answers 200', () => {
    expect(farm.resource('aws:lb/targetGroup:TargetGroup').inputs).toMatchObject({
      targetType: 'ip',
      port: 8080,
      protocol: 'HTTP',
      deregistrationDelay: 30,
      healthCheck: { path: '/health', matcher: '200', unhealthyThreshold: 3 },
    });
  });

  it('runs 1 to 10 tasks by their CPU at 70 %, with 300 seconds between two changes', () => {
    expect(ofType(farm, 'aws:appautoscaling/target:Target')).toMatchObject({
      minCapacity: 1,
      maxCapacity: 10,
      resourceId: expect.stringMatching(/^service\/farm-portal-\w+\/farm-portal-\w+$/),
    });
    expect(ofType(farm, 'aws:appautoscaling/policy:Policy').targetTrackingScalingPolicyConfiguration).toEqual(
      {
        targetValue: 70,
        scaleOutCooldown: 300,
        scaleInCooldown: 300,
        predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      },
    );
  });

  it('is replaced task by task, and goes back to the version before where a new one does not start', () => {
    const { inputs, ignoreChanges } = farm.resource('aws:ecs/service:Service', 'farm-portal');
    expect(inputs).toMatchObject({
      launchType: 'FARGATE',
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      loadBalancers: [{ containerName: 'portal', containerPort: 8080 }],
      networkConfiguration: { assignPublicIp: true },
    });
    // Scaling sets it.
    expect(ignoreChanges).toEqual(['desiredCount']);
  });

  it('is made after its listener, without which AWS refuses the service', () => {
    const service = farm.resource('aws:ecs/service:Service', 'farm-portal');
    expect(farm.dependsOn(service, farm.resource('aws:lb/listener:Listener', 'farm-web-https'))).toBe(true);
  });

  it('is given settings that it takes, and answers to its domain alone', () => {
    const settings = readPortalSettings({
      ...variablesOf(farm),
      PORTAL_PASSWORD_HASH: passwordHash,
      PORTAL_SIGNING_KEY: 'k'.repeat(43),
    });
    expect(settings.PORTAL_ORIGIN).toBe('https://films.example.com');
    expect(readAddress(settings.FARM, 'FARM')).toMatchObject({
      queueUrl: expect.stringContaining('/farm-jobs-'),
      serviceName: expect.stringContaining('farm-worker-fargate'),
    });
  });

  it('has its secrets in Parameter Store, from where ECS reads them', () => {
    const { secrets = [], environment } = containerOf(farm);
    expect(secrets.map(({ name, valueFrom }) => [name, valueFrom.split(':').at(-1)])).toEqual([
      ['PORTAL_PASSWORD_HASH', 'parameter/transcode-farm/test/farm/PORTAL_PASSWORD_HASH'],
      ['PORTAL_SIGNING_KEY', 'parameter/transcode-farm/test/farm/PORTAL_SIGNING_KEY'],
    ]);
    for (const { name } of secrets) {
      const { inputs, secretPaths } = farm.resource(
        'aws:ssm/parameter:Parameter',
        `farm-${name.toLowerCase().replaceAll('_', '-')}`,
      );
      expect(inputs.type).toBe('SecureString');
      expect(secretPaths).toEqual(['value']);
    }
    expect(environment.map(({ name }) => name)).toEqual(
      ['ALLOW_HTTP_SOURCES', 'FARM', 'PORT', 'PORTAL_ORIGIN'].sort(),
    );
  });

  it('runs as nobody special on a root that it can’t write to, with what the function’s portal may do', async () => {
    expect(containerOf(farm)).toMatchObject({
      user: '1000:1000',
      readonlyRootFilesystem: true,
      linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
      image: expect.stringMatching(/farm-portal-.*@sha256:/),
    });
    const other = await recordFarm(bareStack({ ...asked, portal: 'function' }));
    const ofHost = ['ReadSecrets', 'WriteLog'];
    const rights = (statements: ReturnType<typeof rightsOf>) =>
      statements
        .filter(({ sid = '' }) => !ofHost.includes(sid))
        .map(({ sid, actions, resources }) => ({ sid, actions, resources }));
    expect(rights(rightsOf(farm, '-task'))).toEqual(rights(rightsOf(other, '')));
    expect(rightsOf(farm, '-execution').map(({ sid }) => sid)).toEqual([
      'WriteLogs',
      'ReadSecrets',
      'PullImage',
      'LogInToRegistry',
    ]);
  });

  it('keeps its log as long as the other logs', async () => {
    const kept = await recordFarm(stackWith({ ...named, logRetentionDays: '90' }));
    expect(kept.resource('aws:cloudwatch/logGroup:LogGroup', 'farm-portal').inputs.retentionInDays).toBe(90);
  });

  it('alerts its owner of errors, of no answer, and of tasks that stay unhealthy', () => {
    const alarms = farm
      .resourcesOf('aws:cloudwatch/metricAlarm:MetricAlarm')
      .filter(({ name }) => name.startsWith('farm-portal'));
    expect(alarms.map(({ name, inputs }) => [name, inputs.metricName])).toEqual([
      ['farm-portal-errors', 'HTTPCode_Target_5XX_Count'],
      ['farm-portal-unreachable', 'HTTPCode_ELB_5XX_Count'],
      ['farm-portal-unhealthy', 'UnHealthyHostCount'],
    ]);
    expect(alarms.at(-1)?.inputs.dimensions).toEqual({
      LoadBalancer: expect.stringMatching(/^app\/farm-web-/),
      TargetGroup: expect.stringMatching(/^targetgroup\/farm-web-/),
    });
    for (const { inputs } of alarms) expect(inputs.alarmActions).toHaveLength(1);
  });
});

describe('with the zone of its domain', () => {
  it('makes the certificate and the record, and waits until the certificate is issued', async () => {
    const farm = await recordFarm(
      stackWith({ portalDomain: 'films.example.com', portalZoneId: 'Z0123456789ABCDEFGHIJ' }),
    );
    expect(farm.resource('aws:acm/certificate:Certificate').inputs).toMatchObject({
      domainName: 'films.example.com',
      validationMethod: 'DNS',
    });
    expect(farm.resource('aws:route53/record:Record', 'farm-web-proof').inputs).toMatchObject({
      zoneId: 'Z0123456789ABCDEFGHIJ',
      name: '_a79865eb4cd1a6ab990a45779b4e0b96.films.example.com.',
      type: 'CNAME',
    });
    expect(farm.resource('aws:route53/record:Record', 'farm-web').inputs).toMatchObject({
      name: 'films.example.com',
      type: 'A',
      aliases: [{ name: expect.stringContaining('.elb.amazonaws.com') }],
    });
    const validation = farm.resource('aws:acm/certificateValidation:CertificateValidation');
    const https = farm.resource('aws:lb/listener:Listener', 'farm-web-https');
    expect(https.propertyDependencies.certificateArn).toContain(validation.urn);
  });
});

it('answers by http under the load balancer’s name where a setting allows it', async () => {
  const farm = await recordFarm(stackWith({ portalAllowHttp: 'true' }));
  const url = String(await promiseOf(farm.result.portalUrl));
  expect(url).toMatch(/^http:\/\/farm-web-.*\.elb\.amazonaws\.com\/$/);
  // As browsers write it.
  expect(variablesOf(farm).PORTAL_ORIGIN).toBe(new URL(url).origin);
  expect(farm.resourcesOf('aws:lb/listener:Listener')).toHaveLength(1);
  expect(listener(farm, 'http').defaultActions).toMatchObject([{ type: 'forward' }]);
});

describe('in an existing network', () => {
  it('has its tasks where the workers are, and its load balancer in the public subnets', async () => {
    const publicSubnets = ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'];
    const farm = await recordFarm(
      stackWith({
        ...named,
        ...vpc,
        subnetIds: twoSubnets,
        assignPublicIp: 'false',
        portalSubnetIds: JSON.stringify(publicSubnets),
      }),
    );
    expect(farm.resource('aws:lb/loadBalancer:LoadBalancer').inputs.subnets).toEqual(publicSubnets);
    const { networkConfiguration } = ofType(farm, 'aws:ecs/service:Service');
    expect(networkConfiguration).toMatchObject({
      subnets: JSON.parse(twoSubnets),
      assignPublicIp: false,
    });
  });
});

it.each(['fargate', 'gpu', 'function'])('has a cluster of its own beside workers on %s', async (compute) => {
  const farm = await recordFarm(stackWith({ ...named, compute }));
  const { cluster } = ofType(farm, 'aws:ecs/service:Service');
  expect(cluster).toBe(farm.resource('aws:ecs/cluster:Cluster', 'farm-portal').outputs.arn);
});

it('stays as it is when the compute changes', async () => {
  const [before, after] = await Promise.all(
    ['fargate', 'gpu'].map((compute) => recordFarm(stackWith({ ...named, compute }))),
  );
  const untouched = (farm: FarmRecording | undefined) =>
    farm?.resources
      .filter(({ name, type }) => /^farm-(web|portal)/.test(name) && !/taskDefinition|iam/.test(type))
      .map(({ urn, inputs }) => ({ urn, inputs: withoutTask(inputs) }));
  expect(untouched(after)).toEqual(untouched(before));
  // Its settings name the workers' service, so new tasks take the place of the old.
  const text = (farm: FarmRecording | undefined) => farm && String(variablesOf(farm).FARM);
  expect(text(before)).toContain('farm-worker-fargate');
  expect(text(after)).toContain('farm-worker-gpu');
});

const withoutTask = ({ taskDefinition, ...inputs }: Inputs) => inputs;

it('opens R2 with the keys that workers have, from the same parameters', async () => {
  const farm = await recordFarm(bareStack({ ...allCredentials, ...named, portal: 'service', storage: 'r2' }));
  const { secrets = [] } = containerOf(farm);
  expect(secrets.map(({ name }) => name)).toEqual([
    'PORTAL_PASSWORD_HASH',
    'PORTAL_SIGNING_KEY',
    'FARM_SOURCE_ACCESS_KEY_ID',
    'FARM_SOURCE_SECRET_ACCESS_KEY',
    'FARM_OUTPUT_ACCESS_KEY_ID',
    'FARM_OUTPUT_SECRET_ACCESS_KEY',
  ]);
  expect(
    field(rightsOf(farm, '-execution').find(({ sid }) => sid === 'ReadSecrets') as never, 'resources'),
  ).toHaveLength(6);
});

it('is part of the ready farm that is named after it', async () => {
  const farm = await recordFarm(loadStack('stacks/upload-portal.yaml'));
  expect(await promiseOf(farm.result.portalUrl)).toBe('https://films.example.com/');
});

it.each(['a', 'farm-of-twenty-lette'])('gives a farm called %s names that AWS takes', async (name) => {
  // Pulumi adds a hyphen and seven characters; load balancers and target groups have 32 in all.
  expect(`${name}-web`.length + 8).toBeLessThanOrEqual(32);
});
