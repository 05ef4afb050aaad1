import * as pulumi from '@pulumi/pulumi';

/**
 * The most that a role made by the deploy role can ever do: all but managing identities and the account. None of the farm's
 * roles needs more, and without it whoever deploys could make a role that is an administrator.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export const boundaryArn = 'arn:aws:iam::aws:policy/PowerUserAccess';

/** Roles of `GithubRoles`: made by hand, not by the deploy role, which could not manage the farm's roles within the boundary. */
const deployers = /^github-/;

/** Bounds every role that the program makes from here on. */
export function boundRoles(): void {
  pulumi.runtime.registerResourceTransform(({ type, name, props, opts }) => {
    if (type !== 'aws:iam/role:Role' || deployers.test(name)) return undefined;
    return { props: { ...props, permissionsBoundary: boundaryArn }, opts };
  });
}
