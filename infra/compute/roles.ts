import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface RoleArgs {
  /** Who may take the role, such as `ecs-tasks.amazonaws.com`. */
  service: string;
  description: string;
  /** What it may do, one statement a purpose. */
  statements: pulumi.Input<pulumi.Input<aws.iam.PolicyStatement>[]>;
}

/**
 * A role for one AWS service and its one policy. Whoever runs under it depends on both: tasks that stop while their policy is already gone
 * can't give back their job.
 */
export function createRole(
  parent: pulumi.Resource,
  name: string,
  { service, description, statements }: RoleArgs,
): { role: aws.iam.Role; policy: aws.iam.RolePolicy } {
  const role = new aws.iam.Role(
    name,
    { description, assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: service }) },
    { parent },
  );
  const policy = new aws.iam.RolePolicy(
    name,
    { role: role.name, policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements }) },
    { parent },
  );
  return { role, policy };
}

/** ARN of everything of a kind in a cluster: `task` or `container-instance`. */
export function inCluster(
  clusterArn: pulumi.Input<string>,
  kind: 'task' | 'container-instance',
): pulumi.Output<string> {
  return pulumi.interpolate`${pulumi.output(clusterArn).apply((arn) => arn.replace(':cluster/', `:${kind}/`))}/*`;
}

/**
 * What the ECS agent on an instance asks of ECS, narrowed to one cluster. AWS's own AmazonEC2ContainerServiceforEC2Role allows the same and
 * more on every cluster of the account.
 */
export function instanceStatements(clusterArn: pulumi.Input<string>): aws.iam.PolicyStatement[] {
  const instances = inCluster(clusterArn, 'container-instance');
  return [
    {
      Sid: 'JoinCluster',
      Effect: 'Allow',
      Action: [
        'ecs:RegisterContainerInstance',
        'ecs:DeregisterContainerInstance',
        'ecs:SubmitAttachmentStateChanges',
        'ecs:SubmitContainerStateChange',
        'ecs:SubmitTaskStateChange',
      ],
      Resource: clusterArn,
    },
    {
      // UpdateContainerInstancesState: the agent sets its own instance to DRAINING on a Spot notice.
      Sid: 'RunTasks',
      Effect: 'Allow',
      Action: ['ecs:Poll', 'ecs:StartTelemetrySession', 'ecs:UpdateContainerInstancesState'],
      Resource: instances,
    },
    {
      // The action has no resource to be narrowed to (service authorization reference of Amazon ECS).
      Sid: 'FindAgentEndpoint',
      Effect: 'Allow',
      Action: 'ecs:DiscoverPollEndpoint',
      Resource: '*',
    },
  ];
}

/** A worker protects its task from scale-in while it has a job. */
export function protectionStatement(clusterArn: pulumi.Input<string>): aws.iam.PolicyStatement {
  return {
    Sid: 'ProtectOwnTask',
    Effect: 'Allow',
    Action: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
    Resource: inCluster(clusterArn, 'task'),
  };
}

export interface ExecutionRights {
  image: string;
  logGroupArn: string;
  parameterArns: string[];
  /** ECR repository of other images, which a rollback may start again. */
  builtImagesArn?: string | undefined;
}

/** What ECS does for a task before it runs: fetch the image and the secrets, write the log. */
export function executionStatements({
  image,
  logGroupArn,
  parameterArns,
  builtImagesArn,
}: ExecutionRights): aws.iam.PolicyStatement[] {
  const found = [ecrRepositoryArn(image), builtImagesArn].filter((arn) => arn !== undefined);
  const repositories = [...new Set(found)];
  return [
    {
      Sid: 'WriteLogs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `${logGroupArn}:*`,
    },
    ...(parameterArns.length > 0
      ? [
          {
            Sid: 'ReadSecrets',
            Effect: 'Allow' as const,
            Action: 'ssm:GetParameters',
            Resource: parameterArns,
          },
        ]
      : []),
    ...(repositories.length > 0
      ? [
          {
            Sid: 'PullImage',
            Effect: 'Allow' as const,
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            Resource: repositories.length === 1 ? (repositories[0] as string) : repositories,
          },
          {
            // The action has no resource to be narrowed to (service authorization reference of Amazon ECR).
            Sid: 'LogInToRegistry',
            Effect: 'Allow' as const,
            Action: 'ecr:GetAuthorizationToken',
            Resource: '*',
          },
        ]
      : []),
  ];
}

/** The ARN of the ECR repository that an image is in; undefined for other registries, which need no rights. */
export function ecrRepositoryArn(image: string): string | undefined {
  const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?\/([^:@]+)[:@]/.exec(image);
  if (!match) return undefined;
  const [, account, region, china, repository] = match;
  const partition = china ? 'aws-cn' : region?.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:ecr:${region}:${account}:repository/${repository}`;
}
