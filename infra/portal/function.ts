import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { createRole } from '../compute/roles.ts';
import { logGroupOf } from '../compute/worker-function.ts';
import { archiveOf, bundlePortal, portalHandler } from '../functions/bundle.ts';
import type { PortalNames } from '../monitoring/metrics.ts';
import { readSecrets, writeLog } from '../policy.ts';
import { type PortalArgs, type PortalHost, portalVariables } from './args.ts';
import { checkRegion } from './regions.ts';
import { portalStatements } from './rights.ts';

/** Longer than any of the portal's own calls. */
const timeoutSeconds = 30;
/** Lambda gives CPU by memory: a third of a vCPU, with which a password is checked in a third of a second (not timed on AWS). */
const memoryMib = 512;

/**
 * The farm in a browser: a Lambda function with an HTTPS address of its own. Films never pass through it: browsers read and
 * write the buckets by presigned links.
 *
 * Cost: nothing while no one looks. A page that is open asks every few seconds, $0.20 a million requests and about as much for
 * the time that they take (https://aws.amazon.com/lambda/pricing/).
 */
export class PortalFunction extends pulumi.ComponentResource implements PortalHost {
  readonly url: pulumi.Output<string>;
  readonly names: PortalNames;

  constructor(name: string, args: PortalArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:portal:PortalFunction', name, {}, opts);
    const own = { parent: this };
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays },
      { ...own, aliases: [logGroupOf('transcode-farm:portal:PortalService', name, opts)] },
    );
    const { role, policy } = createRole(this, name, {
      service: 'lambda.amazonaws.com',
      description: 'The portal: signs links to the buckets, sends jobs, shows states and queues',
      statements: [...portalStatements(args.farm), readSecrets(args.secrets), writeLog(logGroup)],
    });
    const portal = new aws.lambda.Function(
      name,
      {
        description: 'The portal: the farm in a browser',
        runtime: 'nodejs24.x',
        architectures: ['arm64'],
        handler: portalHandler,
        code: archiveOf(bundlePortal()),
        role: role.arn,
        memorySize: memoryMib,
        timeout: timeoutSeconds,
        loggingConfig: { logFormat: 'Text', logGroup: logGroup.name },
        environment: { variables: variables(args) },
      },
      { ...own, dependsOn: [policy] },
    );
    this.url = openToBrowsers(this, name, portal, args.region).functionUrl;
    this.names = { functionName: portal.name };
    this.registerOutputs({ url: this.url });
  }
}

/** Everyone may call it, and the portal asks for the password: no browser signs requests for AWS. */
function openToBrowsers(
  parent: PortalFunction,
  name: string,
  portal: aws.lambda.Function,
  region: pulumi.Output<string>,
): aws.lambda.FunctionUrl {
  const functionName = pulumi.all([portal.name, region]).apply(([functionName, region]) => {
    checkRegion(region);
    return functionName;
  });
  const url = new aws.lambda.FunctionUrl(name, { functionName, authorizationType: 'NONE' }, { parent });
  // An address made since October 2025 answers 403 without both (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
  new aws.lambda.Permission(
    `${name}-url`,
    {
      function: portal.name,
      action: 'lambda:InvokeFunctionUrl',
      principal: '*',
      functionUrlAuthType: 'NONE',
    },
    { parent },
  );
  new aws.lambda.Permission(
    `${name}-invoke`,
    { function: portal.name, action: 'lambda:InvokeFunction', principal: '*', invokedViaFunctionUrl: true },
    { parent },
  );
  return url;
}

/** No secret is among them: the function reads those from SSM when it starts, and a new version starts it again. */
function variables(args: PortalArgs) {
  const { secrets } = args;
  const names = Object.fromEntries(secrets.map(({ name, parameterName }) => [name, parameterName]));
  return {
    ...portalVariables(args),
    SECRET_PARAMETERS: pulumi.jsonStringify(names),
    SECRET_VERSIONS: pulumi
      .all(secrets.map(({ version }) => version ?? 1))
      .apply((versions) => versions.join('.')),
  };
}
