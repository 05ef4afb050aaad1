import { beforeAll, describe, expect, it } from 'vitest';
import { boundaryArn } from '../../../infra/github/boundary.ts';
import type { Registered } from '../../../tools/program-run/registered.ts';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { type FarmRecording, recordFarm } from '../../helpers/program/farm.ts';
import { parsePolicy, type Statement, statementsOf } from '../../helpers/program/policies.ts';
import { natureOf, promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const provider = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
const github = { githubRepository: 'you@1234567/films@987654321' };

const trustOf = (farm: FarmRecording, role: string) =>
  parsePolicy(String(farm.resource('aws:iam/role:Role', role).inputs.assumeRolePolicy));
const rightsOf = (farm: FarmRecording, role: string) =>
  statementsOf(farm).filter(({ at }) => at === `aws:iam/rolePolicy:RolePolicy ${role}`);
const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ actions }) => actions);

/** Whether a name with `*` in it stands for this one. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

describe('who may take the roles', () => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await recordFarm(loadStack('Pulumi.prod.yaml', github));
  });

  it.each([
    ['farm-github-preview', 'repo:you@1234567/films@987654321:pull_request'],
    ['farm-github-deploy', 'repo:you@1234567/films@987654321:environment:prod'],
  ])('%s: one kind of job of one repository', (role, sub) => {
    expect(trustOf(farm, role)).toMatchObject([
      {
        effect: 'Allow',
        principal: { Federated: expect.stringContaining(':oidc-provider/') },
        actions: ['sts:AssumeRoleWithWebIdentity'],
        condition: {
          StringEquals: {
            'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
            'token.actions.githubusercontent.com:sub': sub,
          },
        },
      },
    ]);
  });

  it('knows repositories by name alone, as older ones are', async () => {
    const older = await recordFarm(bareStack({ githubRepository: 'you/films' }));
    expect(JSON.stringify(trustOf(older, 'farm-github-deploy'))).toContain(
      '"repo:you/films:environment:test"',
    );
  });

  it('makes the provider, or uses the one that the account has', async () => {
    expect(farm.resource('aws:iam/openIdConnectProvider:OpenIdConnectProvider').inputs).toMatchObject({
      url: 'https://token.actions.githubusercontent.com',
      clientIdLists: ['sts.amazonaws.com'],
    });
    const second = await recordFarm(bareStack({ ...github, githubProvider: 'false' }));
    expect(second.resource('aws:iam/openIdConnectProvider:OpenIdConnectProvider').isRead).toBe(true);
    expect(trustOf(second, 'farm-github-preview')[0]?.principal).toEqual({ Federated: provider });
  });

  it('reports the ARNs, and nothing without a repository', async () => {
    expect(await promiseOf(farm.result.githubDeployRoleArn)).toMatch(/:role\/farm-github-deploy-/);
    expect(await promiseOf(farm.result.githubPreviewRoleArn)).toMatch(/:role\/farm-github-preview-/);
    const none = await recordFarm(bareStack());
    expect(await promiseOf(none.result.githubDeployRoleArn)).toBe('');
    expect(none.resources.filter(({ name }) => name.startsWith('farm-github'))).toEqual([]);
    for (const { inputs } of none.resourcesOf('aws:iam/role:Role')) {
      expect(inputs.permissionsBoundary).toBeUndefined();
    }
  });

  it('shows in a preview', async () => {
    const preview = await recordFarm(bareStack(github), { preview: true });
    expect(await natureOf(preview.result.githubDeployRoleArn)).toEqual({ isKnown: false, isSecret: false });
  });
});

const farms = [
  // Between them they make every type of resource that any stack file does.
  ...['Pulumi.dev.yaml', 'Pulumi.prod.yaml', 'stacks/movie-site.yaml'].map((file) => ({
    name: file,
    stack: loadStack(file, github),
  })),
  {
    name: 'CloudFront',
    stack: bareStack({ ...github, delivery: 'cdn', monthlyBudget: '5', alertEmail: 'a@b.example' }),
  },
  {
    name: 'existing buckets',
    stack: bareStack({ ...github, sourceBucket: 'my-uploads', outputBucket: 'my-films', compute: 'gpu' }),
  },
  {
    name: 'stopped instances',
    stack: loadStack('Pulumi.prod.yaml', { ...github, warmInstances: '1' }),
  },
  {
    name: 'a portal in containers',
    stack: loadStack('stacks/upload-portal.yaml', github),
  },
  { name: 'R2', stack: bareStack({ ...allCredentials, ...github, storage: 'r2', source: 's3' }) },
];

/** Types whose ids AWS makes: their calls are listed one by one. */
const unnamed = /^aws:(acm|appautoscaling|cloudfront|ec2|iam|vpc)\/|EventSourceMapping/;
/** What is set on something else and is reached through that. */
const attached =
  /:(Bucket[A-Z]|QueuePolicy|RepositoryPolicy|FunctionRecursion|Redrive|Topic[A-Z]|EventTarget|Permission|FunctionEvent|ClusterCapacity|LifecycleHook)/;

/** As AWS names it; undefined for what has no name there. */
function arnOf({ type, outputs }: Registered): string | undefined {
  if (!type.startsWith('aws') || unnamed.test(type) || attached.test(type)) return undefined;
  const { arn, dashboardArn, repository } = outputs as {
    arn?: string;
    dashboardArn?: string;
    repository?: { arn: string };
  };
  return arn ?? dashboardArn ?? repository?.arn;
}

/**
 * What each lookup of the program asks of AWS, from the sources of terraform-provider-aws: getBucket sends HeadBucket, for which IAM
 * asks for ListBucket; getCallerIdentity needs no right; getRegion asks nobody. Vpc of awsx looks up nothing, as it is given its zones.
 */
const lookups: Record<string, string[]> = {
  'aws:index/getCallerIdentity:getCallerIdentity': [],
  'aws:index/getRegion:getRegion': [],
  'aws:s3/getBucket:getBucket': ['s3:ListBucket'],
  'aws:index/getAvailabilityZones:getAvailabilityZones': ['ec2:DescribeAvailabilityZones'],
  'aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings': ['ec2:DescribeInstanceTypeOfferings'],
  // It lists providers, as it is asked by the URL, and gets the one that has it.
  'aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider': [
    'iam:ListOpenIDConnectProviders',
    'iam:GetOpenIDConnectProvider',
  ],
};

describe.each(farms)('$name', ({ stack }) => {
  let farm: FarmRecording;
  let deploy: Statement[];
  let preview: Statement[];
  beforeAll(async () => {
    farm = await recordFarm(stack);
    deploy = rightsOf(farm, 'farm-github-deploy');
    preview = rightsOf(farm, 'farm-github-preview');
  });

  it('lets a deployment reach everything that the program names', () => {
    const arns = farm.resources.flatMap((resource) => arnOf(resource) ?? []);
    expect(arns.length).toBeGreaterThan(18);
    const unreached = arns.filter((arn) => {
      const all = `${arn.split(':')[2]}:*`;
      return !deploy.some(
        ({ actions, resources }) =>
          actions.includes(all) && resources.some((resource) => matches(resource, arn)),
      );
    });
    expect(unreached).toEqual([]);
  });

  it('lets a deployment make the roles of the farm, and pass them on', () => {
    const roles = farm
      .resourcesOf('aws:iam/role:Role')
      .filter(({ name }) => !name.startsWith('farm-github-'));
    expect(roles.length).toBeGreaterThanOrEqual(3);
    for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRole', 'iam:PassRole']) {
      const resources = deploy
        .filter(({ actions }) => actions.includes(action))
        .flatMap((one) => one.resources);
      for (const { name, outputs } of roles) {
        expect(
          resources.some((resource) => matches(resource, String(outputs.arn))),
          `${action} ${name}`,
        ).toBe(true);
      }
    }
  });

  it('keeps the roles that it makes within a boundary that none of them feels', () => {
    for (const { name, inputs } of farm.resourcesOf('aws:iam/role:Role')) {
      expect(inputs.permissionsBoundary, name).toBe(
        name.startsWith('farm-github-') ? undefined : boundaryArn,
      );
    }
    const own = statementsOf(farm).filter(
      ({ at }) => at.startsWith('aws:iam/rolePolicy') && !at.includes('farm-github-'),
    );
    expect(actionsOf(own).filter((action) => /^(iam|organizations|account):/.test(action))).toEqual([]);
    const making = deploy.filter(({ actions }) =>
      actions.some((action) => /^iam:(Create|Put|Attach).*Role(Policy|PermissionsBoundary)?$/.test(action)),
    );
    expect(making.length).toBeGreaterThan(0);
    for (const { condition, sid } of making.filter(({ sid }) => sid !== 'UseServices')) {
      expect(condition, sid).toEqual({ StringEquals: { 'iam:PermissionsBoundary': boundaryArn } });
    }
  });

  it('lets nobody at GitHub widen the two roles, the boundary or the provider', () => {
    const reading = /^iam:(Get|List)/;
    for (const { sid, actions, resources } of [...deploy, ...preview]) {
      if (!actions.some((action) => action.startsWith('iam:'))) continue;
      const reachesItself = resources.some(
        (resource) =>
          matches(resource, 'arn:aws:iam::123456789012:role/farm-github-deploy-0a1b2c3') ||
          matches(resource, provider) ||
          resource === '*',
      );
      if (reachesItself)
        expect(
          actions.every((action) => reading.test(action)),
          sid,
        ).toBe(true);
    }
    expect(
      actionsOf(deploy).filter((action) => /^(iam|sts|organizations|account|\*):\*|^iam:.*\*/.test(action)),
    ).toEqual([]);
    expect(actionsOf(deploy)).not.toContain('iam:DeleteRolePermissionsBoundary');
  });

  it('allows all resources only for calls that are listed, in one region', () => {
    for (const { sid, actions, condition } of deploy.filter(({ resources }) => resources.includes('*'))) {
      expect(
        actions.filter((action) => /\*/.test(action) && !action.endsWith(':Describe*')),
        sid,
      ).toEqual([]);
      if (sid === 'UnnamedGlobal')
        expect(actions.every((action) => action.startsWith('cloudfront:'))).toBe(true);
      else if (sid === 'SeeProviders') expect(actions).toEqual(['iam:ListOpenIDConnectProviders']);
      else expect(condition).toEqual({ StringEquals: { 'aws:RequestedRegion': 'us-east-1' } });
    }
  });

  it('lets a preview look up what the program does, and change nothing', () => {
    const asked = farm.calls.map(({ token }) => token).filter((token) => token.startsWith('aws:'));
    const needed = asked.flatMap((token) => lookups[token] ?? [`${token}: say here what it asks for`]);
    expect(needed.filter((action) => !actionsOf(preview).includes(action))).toEqual([]);
    expect(actionsOf(preview).filter((action) => !/:(Describe|Get|List)[A-Z]\w+$/.test(action))).toEqual([]);
  });

  it('names each statement once, as IAM demands', () => {
    for (const statements of [deploy, preview]) {
      const sids = statements.map(({ sid }) => sid);
      expect(sids.filter((sid, index) => sids.indexOf(sid) !== index)).toEqual([]);
    }
  });

  it("fits into a role's 10,240 characters", () => {
    const { policy } = farm.resource('aws:iam/rolePolicy:RolePolicy', 'farm-github-deploy').inputs;
    expect(String(policy).length).toBeLessThan(10_240);
  });
});

it("opens the bucket of Pulumi's state to both, for the preview to read alone", async () => {
  const farm = await recordFarm(bareStack({ ...github, githubStateBucket: 'my-state' }));
  const onState = (role: string) =>
    actionsOf(
      rightsOf(farm, role).filter(({ resources }) =>
        resources.some((name) => name.startsWith('arn:aws:s3:::my-state')),
      ),
    ).sort();
  expect(onState('farm-github-preview')).toEqual(['s3:GetBucketLocation', 's3:GetObject', 's3:ListBucket']);
  expect(onState('farm-github-deploy')).toEqual([
    's3:DeleteObject',
    's3:GetBucketLocation',
    's3:GetObject',
    's3:ListBucket',
    's3:PutObject',
  ]);
});
