import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import { audience, githubProvider, issuer } from './provider.ts';
import { type DeployedFarm, deployStatements, previewStatements } from './rights.ts';

export interface GithubRolesArgs extends Omit<DeployedFarm, 'account' | 'region'> {
  /**
   * Begins the `sub` of the repository's tokens: `owner/name`, or `owner@id/name@id` for repositories made, renamed or
   * moved since 15 July 2026. Source:
   * https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
   */
  repository: string;
  /** Make the account's OIDC provider for GitHub where it has none; `false`: it has one. */
  makesProvider: boolean;
}

/**
 * What GitHub Actions may do in the account, without a key kept at GitHub: a role for previews of pull requests, which
 * reads, and one that deploys, for jobs of the GitHub environment that is named as the stack is.
 *
 * Neither may change these two roles, so whoever can change the repository can't widen them. Changes of the roles are
 * deployed manually.
 *
 * Cost: nothing.
 */
export class GithubRoles extends pulumi.ComponentResource {
  readonly previewRoleArn: pulumi.Output<string>;
  readonly deployRoleArn: pulumi.Output<string>;

  constructor(name: string, args: GithubRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:github:GithubRoles', name, {}, opts);
    const account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    const region = aws.getRegionOutput({}, { parent: this }).region;
    const farm = { ...args, account, region };
    const provider = githubProvider(this, name, { account, mayMake: args.makesProvider });
    const subject = `repo:${args.repository}`;
    this.previewRoleArn = createRole(this, `${name}-preview`, provider, {
      description: `GitHub Actions: previews of ${farmName(args.farm)} for pull requests`,
      subject: `${subject}:pull_request`,
      statements: previewStatements(farm),
    });
    this.deployRoleArn = createRole(this, `${name}-deploy`, provider, {
      description: `GitHub Actions: deployment of ${farmName(args.farm)}`,
      subject: `${subject}:environment:${pulumi.getStack()}`,
      statements: deployStatements(farm),
    });
    this.registerOutputs({ previewRoleArn: this.previewRoleArn, deployRoleArn: this.deployRoleArn });
  }
}

interface Role {
  description: string;
  /** The one `sub` that may take the role. */
  subject: string;
  statements: aws.iam.PolicyStatement[];
}

function createRole(
  parent: GithubRoles,
  name: string,
  provider: pulumi.Output<string>,
  { description, subject, statements }: Role,
): pulumi.Output<string> {
  const role = new aws.iam.Role(
    name,
    {
      description,
      maxSessionDuration: 3600,
      assumeRolePolicy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Federated: provider },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subject } },
          },
        ],
      }),
    },
    { parent },
  );
  new aws.iam.RolePolicy(
    name,
    { role: role.name, policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements }) },
    { parent },
  );
  return role.arn;
}
