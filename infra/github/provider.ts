import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export const issuer = 'token.actions.githubusercontent.com';
export const audience = 'sts.amazonaws.com';

export interface GithubProviderArgs {
  /** ID of the AWS account. */
  account: pulumi.Input<string>;
  /** False: the account has the provider. */
  mayMake: boolean;
}

/**
 * The OIDC provider for GitHub, of which an account has one, for all stacks and whatever else deploys from GitHub. A stack makes it where there
 * is none, and only reads it from then on: no stack removes what others use. Pulumi gives up what it made, and does not delete it, when the
 * program reads it by the same id (`GenerateReadSteps` in pkg/resource/deploy/step_generator.go of pulumi).
 * @returns its ARN
 */
export function githubProvider(
  parent: pulumi.Resource,
  name: string,
  { account, mayMake }: GithubProviderArgs,
): pulumi.Output<string> {
  const id = pulumi.interpolate`arn:aws:iam::${account}:oidc-provider/${issuer}`;
  // Made or read: only the account says, so the resource is registered when it has answered. It answers in previews too.
  return pulumi
    .output(findProvider(parent, mayMake))
    .apply((isThere) =>
      isThere
        ? aws.iam.OpenIdConnectProvider.get(name, id, undefined, { parent }).arn
        : new aws.iam.OpenIdConnectProvider(
            name,
            { url: `https://${issuer}`, clientIdLists: [audience] },
            { parent, retainOnDelete: true },
          ).arn,
    );
}

async function findProvider(parent: pulumi.Resource, mayMake: boolean): Promise<boolean> {
  try {
    const { arn, clientIdLists } = await aws.iam.getOpenIdConnectProvider(
      { url: `https://${issuer}` },
      { parent },
    );
    const warning = explainAudience(arn, clientIdLists);
    if (warning !== undefined) await pulumi.log.warn(warning, parent);
    return true;
  } catch (error) {
    if (mayMake && /AccessDenied|not authorized|Throttl/i.test((error as Error).message)) {
      await pulumi.log.warn(
        `Whether the account has an OIDC provider for GitHub is not known (${(error as Error).message}), so one is made. If that fails ` +
          'with EntityAlreadyExists: pulumi config set githubProvider false',
        parent,
      );
    }
    return !mayMake;
  }
}

/** What keeps GitHub's workflows from taking a role by a provider that somebody else made; undefined for nothing. */
export function explainAudience(arn: string, audiences: readonly string[]): string | undefined {
  if (audiences.includes(audience)) return undefined;
  return (
    `The account's OIDC provider for GitHub does not accept ${audience} as audience, so no workflow can take the roles: aws iam ` +
    `add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id ${audience}`
  );
}
