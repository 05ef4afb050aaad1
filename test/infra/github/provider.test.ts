import { describe, expect, it } from 'vitest';
import { explainAudience } from '../../../infra/github/provider.ts';
import { GithubRoles } from '../../../infra/github/roles.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const arn = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
const type = 'aws:iam/openIdConnectProvider:OpenIdConnectProvider';
const lookup = 'aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider';

const rolesOf = (makesProvider: boolean, provider?: { arn: string; clientIdLists: string[] }) =>
  record(
    () =>
      new GithubRoles('farm-github', {
        farm: 'farm',
        repository: 'you/films',
        makesProvider,
        madeBuckets: [],
        existingBuckets: [],
      }),
    { answers: provider ? { [lookup]: provider } : {} },
  );

describe("GitHub's OIDC provider", () => {
  it('is made in an account that has none, and stays when the stack goes', async () => {
    const made = (await rolesOf(true)).resource(type);
    expect(made).toMatchObject({ isRead: false, retainOnDelete: true });
  });

  // Another stack made it, or this one did: an account takes no second one, and the others use it when this stack goes.
  it.each([true, false])(
    'is read and not made in an account that has it (githubProvider: %s)',
    async (makesProvider) => {
      const roles = await rolesOf(makesProvider, { arn, clientIdLists: ['sts.amazonaws.com'] });
      expect(roles.resource(type)).toMatchObject({ isRead: true });
      const [role] = roles.resourcesOf('aws:iam/role:Role');
      expect(String(role?.inputs.assumeRolePolicy)).toContain(arn);
      expect(await promiseOf(roles.result.deployRoleArn)).toMatch(/^arn:aws:iam::/);
    },
  );

  it('is read where it must be there: AWS then says when it is not', async () => {
    expect((await rolesOf(false)).resource(type)).toMatchObject({ isRead: true });
  });
});

it('names the command for a provider that does not accept tokens for AWS', () => {
  expect(explainAudience(arn, ['sts.amazonaws.com', 'other'])).toBeUndefined();
  expect(explainAudience(arn, ['other'])).toMatch(
    /aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:\S+ --client-id sts\.amazonaws\.com$/,
  );
});
