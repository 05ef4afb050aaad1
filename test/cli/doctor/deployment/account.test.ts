import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import {
  callsOf,
  checkDryRuns,
  checkPolicies,
  validateDryRuns,
} from '../../../../cli/doctor/deployment/denied.ts';
import { checkGithubProvider, checkServiceRoles } from '../../../../cli/doctor/deployment/identity.ts';
import { checkLambda } from '../../../../cli/doctor/deployment/lambda.ts';
import {
  checkEbsKey,
  checkRegionEnabled,
  checkZones,
  validateOfferings,
} from '../../../../cli/doctor/deployment/region.ts';
import { type AwsAnswers, startAwsAnswers } from '../../../helpers/program/aws-answers.ts';

/** The calls of EC2 and IAM answer in XML, as their API references show it. */
const ec2Error = (code: string, message: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`;
const iamError = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>none</Message></Error></ErrorResponse>`;

async function withEc2<T>(answers: AwsAnswers, work: (ec2: EC2Client) => Promise<T>): Promise<T> {
  await using aws = await startAwsAnswers(answers);
  const ec2 = new EC2Client({ ...aws.client, maxAttempts: 1 });
  return await work(ec2).finally(() => ec2.destroy());
}

async function withIam<T>(answers: AwsAnswers, work: (iam: IAMClient) => Promise<T>): Promise<T> {
  await using aws = await startAwsAnswers(answers);
  const iam = new IAMClient({ ...aws.client, maxAttempts: 1 });
  return await work(iam).finally(() => iam.destroy());
}

const gpu = {
  compute: {
    ...{ kind: 'gpu' as const, instanceTypes: ['g4dn.xlarge', 'g6.xlarge'], spot: true },
    ...{ onDemandBase: 0, warmInstances: 0, task: { cpuUnits: 4096, memoryMib: 14_000 } },
  },
  network: { assignPublicIp: true },
};

it('names the command that enables a region which the account has not opted in to', async () => {
  const regions = (status: string) =>
    `<DescribeRegionsResponse><regionInfo><item><regionName>af-south-1</regionName><optInStatus>${status}</optInStatus></item></regionInfo></DescribeRegionsResponse>`;
  const check = (status: string) =>
    withEc2({ DescribeRegions: regions(status) }, (ec2) => checkRegionEnabled(ec2, 'af-south-1'));
  expect(await check('opted-in')).toMatchObject({ state: 'ok' });
  expect(await check('not-opted-in')).toMatchObject({
    state: 'failed',
    fix: 'aws account enable-region --region-name af-south-1',
  });
});

it('shows in which zones of the region each instance type is offered', async () => {
  const zone = (name: string) =>
    `<item><zoneName>${name}</zoneName><optInStatus>opt-in-not-required</optInStatus></item>`;
  const offer = (type: string, place: string) =>
    `<item><instanceType>${type}</instanceType><location>${place}</location></item>`;
  const answers = {
    DescribeAvailabilityZones: `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>${zone('eu-central-1a')}${zone('eu-central-1b')}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`,
    DescribeInstanceTypeOfferings: `<DescribeInstanceTypeOfferingsResponse><instanceTypeOfferingSet>${offer('g4dn.xlarge', 'eu-central-1a')}${offer('g4dn.xlarge', 'eu-central-1b')}${offer('g6.xlarge', 'eu-central-1b')}</instanceTypeOfferingSet></DescribeInstanceTypeOfferingsResponse>`,
  };
  expect(await withEc2(answers, (ec2) => checkZones(ec2, gpu))).toMatchObject([
    { name: 'zones', state: 'ok', why: 'eu-central-1a, eu-central-1b' },
    {
      ...{ name: 'instance types', state: 'ok' },
      why: 'offered: g4dn.xlarge in all zones; g6.xlarge in eu-central-1b',
    },
  ]);
  const single = `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>${zone('eu-central-1a')}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`;
  const [zones] = await withEc2({ ...answers, DescribeAvailabilityZones: single }, (ec2) =>
    checkZones(ec2, gpu),
  );
  expect(zones).toMatchObject({ state: 'failed', why: expect.stringContaining('1 availability zones') });
});

it('proposes the instance types that are offered where some are not', () => {
  const none = new Map([['g6e.xlarge', []]]);
  const some = new Map([...none, ['g5.xlarge', ['a']]]);
  expect(validateOfferings(some, 1)).toMatchObject({
    state: 'warning',
    fix: `pulumi config set instanceTypes '["g5.xlarge"]'`,
  });
  expect(validateOfferings(none, 1)).toMatchObject({ state: 'failed' });
});

it('warns of a customer key as the default of EBS, with the grant that Auto Scaling needs', async () => {
  const key = (id: string) => ({
    GetEbsDefaultKmsKeyId: `<GetEbsDefaultKmsKeyIdResponse><kmsKeyId>${id}</kmsKeyId></GetEbsDefaultKmsKeyIdResponse>`,
  });
  const own = 'arn:aws:kms:eu-central-1:123456789012:key/0d9f';
  expect(await withEc2(key('alias/aws/ebs'), (ec2) => checkEbsKey(ec2, '123456789012'))).toMatchObject({
    state: 'ok',
  });
  expect(await withEc2(key(own), (ec2) => checkEbsKey(ec2, '123456789012'))).toMatchObject({
    state: 'warning',
    fix: expect.stringMatching(
      /^aws kms create-grant --key-id arn:aws:kms\S+ --grantee-principal arn:aws:iam::123456789012:role\/aws-service-role\/autoscaling/,
    ),
  });
});

it('finds the service-linked roles that a new account lacks', async () => {
  const found = await withIam({ GetRole: iamError('NoSuchEntity') }, (iam) =>
    checkServiceRoles(iam, { compute: { kind: 'gpu', spot: true } }),
  );
  expect(found.state).toBe('warning');
  expect(found.fix?.split('\n')).toEqual(
    ['ecs', 'ecs.application-autoscaling', 'autoscaling', 'spot'].map(
      (service) => `aws iam create-service-linked-role --aws-service-name ${service}.amazonaws.com`,
    ),
  );
  const denied = await withIam({ GetRole: iamError('AccessDenied') }, (iam) =>
    checkServiceRoles(iam, { compute: { kind: 'fargate', spot: false } }),
  );
  expect(denied).toMatchObject({ state: 'warning', fix: 'Let this user call iam:GetRole.' });
});

it("compares the stack's GitHub settings with the provider that the account has", async () => {
  const arn = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
  const list = (member: string) =>
    `<ListOpenIDConnectProvidersResponse><ListOpenIDConnectProvidersResult><OpenIDConnectProviderList>${member}</OpenIDConnectProviderList></ListOpenIDConnectProvidersResult></ListOpenIDConnectProvidersResponse>`;
  const provider = (audience: string) =>
    `<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult><ClientIDList><member>${audience}</member></ClientIDList></GetOpenIDConnectProviderResult></GetOpenIDConnectProviderResponse>`;
  const check = (member: string, makesProvider: boolean, audience = 'sts.amazonaws.com') =>
    withIam(
      { ListOpenIDConnectProviders: list(member), GetOpenIDConnectProvider: provider(audience) },
      (iam) => checkGithubProvider(iam, { repository: 'you/farm', makesProvider }),
    );
  const present = `<member><Arn>${arn}</Arn></member>`;
  expect(await check(present, true)).toMatchObject({ state: 'ok' });
  expect(await check('', false)).toMatchObject({
    state: 'failed',
    fix: 'pulumi config set githubProvider true',
  });
  expect(await check('', true)).toMatchObject({ state: 'ok' });
  expect(await check(present, false)).toMatchObject({ state: 'ok' });
  expect(await check(present, false, 'other')).toMatchObject({
    state: 'failed',
    fix: expect.stringContaining('add-client-id'),
  });
});

it('says by dry runs what an organization denies', async () => {
  const allowed = ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  const denied = ec2Error(
    'UnauthorizedOperation',
    'You are not authorized: with an explicit deny in a service control policy',
  );
  const calls = { CreateVpc: allowed, CreateLaunchTemplate: allowed };
  const check = (RunInstances: string) =>
    withEc2({ ...calls, RunInstances }, (ec2) => checkDryRuns(ec2, gpu));
  expect(await check(allowed)).toMatchObject({
    state: 'ok',
    why: 'ec2:CreateVpc, ec2:CreateLaunchTemplate, ec2:RunInstances would be allowed',
  });
  expect(await check(denied)).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('ec2:RunInstances would be denied'),
    fix: expect.stringContaining('service control policy'),
  });
  expect(await check(ec2Error('InternalError', 'again'))).toMatchObject({ state: 'not asked' });
  expect(validateDryRuns([])).toMatchObject({ state: 'not asked' });
});

it('asks IAM what policies and organization decide of the calls of a deployment', async () => {
  const result = (call: string, decision: string, organization = 'true') =>
    `<member><EvalActionName>${call}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>${decision}</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>${organization}</AllowedByOrganizations></OrganizationsDecisionDetail></member>`;
  const role = 'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admin';
  const check = (results: string) =>
    withIam(
      {
        GetRole: `<GetRoleResponse><GetRoleResult><Role><Arn>${role}</Arn></Role></GetRoleResult></GetRoleResponse>`,
        SimulatePrincipalPolicy: `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>${results}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
      },
      (iam) =>
        checkPolicies(iam, 'arn:aws:sts::123456789012:assumed-role/Admin/you', [
          'sqs:CreateQueue',
          'iam:PassRole',
        ]),
    );
  expect(await check(result('sqs:CreateQueue', 'allowed'))).toMatchObject({ state: 'ok' });
  expect(
    await check(result('sqs:CreateQueue', 'allowed') + result('iam:PassRole', 'implicitDeny', 'false')),
  ).toMatchObject({ state: 'failed', why: 'the organization denies iam:PassRole' });
  expect(await check(result('iam:PassRole', 'explicitDeny'))).toMatchObject({
    state: 'failed',
    fix: expect.stringContaining(role),
  });
  expect(await check(result('iam:PassRole', 'implicitDeny'))).toMatchObject({ state: 'warning' });
});

it('asks only about calls that the stack makes', () => {
  const storage = { source: { backend: 'r2' }, output: { backend: 'r2' } } as never;
  const calls = callsOf({ ...gpu, storage });
  expect(calls).toContain('autoscaling:CreateAutoScalingGroup');
  expect(calls.filter((call) => call.startsWith('s3:'))).toEqual([]);
});

it('asks for a portal in containers what its network, load balancer and service need, whatever makes films', async () => {
  const storage = { source: { backend: 's3' }, output: { backend: 's3' } } as never;
  const compute = {
    ...gpu.compute,
    kind: 'function',
    architecture: 'x86_64',
    reserveConcurrency: true,
  } as const;
  const settings = { compute, network: gpu.network, storage };
  const withPortal = { ...settings, portal: { host: { kind: 'service' } } as never };
  expect(callsOf(settings)).not.toContain('ec2:CreateVpc');
  expect(callsOf(withPortal)).toEqual(
    expect.arrayContaining(['ec2:CreateVpc', 'ecs:CreateService', 'elasticloadbalancing:CreateLoadBalancer']),
  );
  const missing = await withIam({ GetRole: iamError('NoSuchEntity') }, (iam) =>
    checkServiceRoles(iam, withPortal),
  );
  expect(missing.fix).toMatch(/ecs\.amazonaws\.com\n.*\n.*elasticloadbalancing\.amazonaws\.com$/);
  const zones = `<DescribeAvailabilityZonesResponse><availabilityZoneInfo><item><zoneName>us-east-1a</zoneName></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>`;
  const found = await withEc2({ DescribeAvailabilityZones: zones }, (ec2) => checkZones(ec2, withPortal));
  expect(found).toMatchObject([{ name: 'zones', state: 'failed' }]);
});

it('warns where Lambda has hardly any concurrency to give', async () => {
  const check = async (all: number, free: number) => {
    await using aws = await startAwsAnswers({
      'GET /2016-08-19/account-settings': {
        AccountLimit: { ConcurrentExecutions: all, UnreservedConcurrentExecutions: free },
      },
    });
    const [found] = await checkLambda(new LambdaClient({ ...aws.client, maxAttempts: 1 }));
    return found;
  };
  expect(await check(1000, 900)).toMatchObject({ state: 'ok' });
  expect(await check(10, 1)).toMatchObject({
    state: 'warning',
    fix: expect.stringContaining('--service-code lambda --quota-code L-B99A9384'),
  });
});
