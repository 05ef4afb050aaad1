import type * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/** A policy as IAM, S3, SNS and SQS take it. */
export function policyDocument(statements: readonly object[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements });
}

/** A right of a role. */
export function allow(
  Sid: string,
  Action: readonly string[],
  Resource: pulumi.Input<string> | pulumi.Input<string>[],
): aws.iam.PolicyStatement {
  return { Sid, Effect: 'Allow', Action: [...Action], Resource };
}

/** A function reads the parameters of its secrets when it starts. */
export function readSecrets(
  secrets: readonly { parameterArn: pulumi.Input<string> }[],
): aws.iam.PolicyStatement {
  return allow(
    'ReadSecrets',
    ['ssm:GetParameters'],
    secrets.map(({ parameterArn }) => parameterArn),
  );
}

/** A function writes into its own log. */
export function writeLog(logGroup: aws.cloudwatch.LogGroup): aws.iam.PolicyStatement {
  return allow(
    'WriteLog',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    pulumi.interpolate`${logGroup.arn}:*`,
  );
}

/** In the policy of a bucket, queue or topic: nothing travels in the clear. */
export function tlsOnly(action: string, resource: pulumi.Input<string> | pulumi.Input<string>[]) {
  return {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
