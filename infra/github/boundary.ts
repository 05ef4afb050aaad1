import type * as pulumi from '@pulumi/pulumi';

/**
 * The most that a role made by the deploy role can ever do: all but managing identities and the account. None of the farm's
 * roles needs more, and without it whoever deploys could make a role that is an administrator.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export const boundaryArn = 'arn:aws:iam::aws:policy/PowerUserAccess';

/**
 * A transform that bounds every role of a farm but those of `GithubRoles`: an administrator makes these two, as the deploy role
 * could not manage the farm's roles from within the boundary.
 */
export function boundRoles(farm: string): pulumi.ResourceTransform {
  return ({ type, name, props, opts }) => {
    if (type !== 'aws:iam/role:Role' || name.startsWith(`${farm}-github-`)) return undefined;
    return { props: { ...props, permissionsBoundary: boundaryArn }, opts };
  };
}
