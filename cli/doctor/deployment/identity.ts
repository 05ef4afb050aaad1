import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { consult, type Finding, failed, ok, warning } from '../finding.ts';

/** What runs workers, and the portal. */
export interface RunningSettings {
  compute: Pick<FarmSettings['compute'], 'kind' | 'spot'>;
  portal?: Pick<NonNullable<FarmSettings['portal']>, 'host'>;
}

/**
 * Roles that AWS makes at the first use of a service. In a new account the first use fails when it does not wait for
 * the role. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
 */
const serviceRoles = {
  ecs: { role: 'AWSServiceRoleForECS', service: 'ecs.amazonaws.com' },
  scaling: {
    role: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
    service: 'ecs.application-autoscaling.amazonaws.com',
  },
  group: { role: 'AWSServiceRoleForAutoScaling', service: 'autoscaling.amazonaws.com' },
  spot: { role: 'AWSServiceRoleForEC2Spot', service: 'spot.amazonaws.com' },
  balancer: { role: 'AWSServiceRoleForElasticLoadBalancing', service: 'elasticloadbalancing.amazonaws.com' },
} as const;

export function checkServiceRoles(
  iam: IAMClient,
  { compute: { kind, spot }, portal }: RunningSettings,
): Promise<Finding> {
  const name = 'service roles';
  const hasService = portal?.host.kind === 'service';
  if (kind === 'function' && !hasService) return Promise.resolve(ok(name, 'functions need none'));
  const { ecs, scaling, group, spot: spotRole, balancer } = serviceRoles;
  const wanted = [
    ecs,
    scaling,
    ...(kind === 'gpu' ? [group] : []),
    ...(kind === 'gpu' && spot ? [spotRole] : []),
    ...(hasService ? [balancer] : []),
  ];
  return consult(name, 'iam:GetRole', async () => {
    const present = await Promise.all(wanted.map(({ role }) => hasRole(iam, role)));
    const missing = wanted.filter((_, index) => !present[index]);
    if (missing.length === 0) return ok(name, `the account has ${wanted.map(({ role }) => role).join(', ')}`);
    return warning(
      name,
      `the account lacks ${missing.map(({ role }) => role).join(', ')}, which the first "pulumi up" may not wait for`,
      missing
        .map(({ service }) => `aws iam create-service-linked-role --aws-service-name ${service}`)
        .join('\n'),
    );
  });
}

async function hasRole(iam: IAMClient, RoleName: string): Promise<boolean> {
  try {
    await iam.send(new GetRoleCommand({ RoleName }));
    return true;
  } catch (error) {
    if (error instanceof NoSuchEntityException) return false;
    throw error;
  }
}

const githubIssuer = 'token.actions.githubusercontent.com';

/** An account has one provider for GitHub, whichever stack made it. */
export function checkGithubProvider(
  iam: IAMClient,
  { makesProvider }: NonNullable<FarmSettings['github']>,
): Promise<Finding> {
  const name = 'GitHub provider';
  return consult(name, 'iam:ListOpenIDConnectProviders', async () => {
    const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    const arn = OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(`/${githubIssuer}`))?.Arn;
    if (arn === undefined) {
      return makesProvider
        ? ok(name, 'the account has none, and this stack makes it')
        : failed(
            name,
            'the account has none, and this stack does not make it',
            'pulumi config set githubProvider true',
          );
    }
    const { ClientIDList = [] } = await iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }),
    );
    if (ClientIDList.includes('sts.amazonaws.com'))
      return ok(name, `${arn} is there, and this stack uses it`);
    return failed(
      name,
      `${arn} does not accept sts.amazonaws.com as audience`,
      `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id sts.amazonaws.com`,
    );
  });
}
