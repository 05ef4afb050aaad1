import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { FarmAddress } from '../../cli/farm/address.ts';
import type { PortalEnvironment } from '../../portal/src/settings.ts';
import { createRole } from '../compute/roles.ts';
import type { Secret } from '../compute/secrets.ts';
import { archiveOf, bundlePortal, portalHandler } from '../functions/bundle.ts';
import { allow } from '../policy.ts';
import { checkRegion } from './regions.ts';
import { type PortalFarm, portalStatements } from './rights.ts';

export type PortalSecret = Secret<keyof PortalEnvironment>;

export interface PortalArgs {
  farm: PortalFarm;
  region: pulumi.Output<string>;
  /** The outputs by which the portal finds the farm. */
  address: { [K in keyof FarmAddress]?: pulumi.Input<FarmAddress[K]> };
  allowHttpSources: boolean;
  /** SSM parameters of the portal's secrets. */
  secrets: PortalSecret[];
  logRetentionDays: number;
}

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
export class PortalFunction extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: PortalArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:portal:PortalFunction', name, {}, opts);
    const own = { parent: this };
    const logGroup = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logRetentionDays }, own);
    const { role, policy } = createRole(this, name, {
      service: 'lambda.amazonaws.com',
      description: 'The portal: signs links to the buckets, sends jobs, shows states and queues',
      statements: [
        ...portalStatements(args.farm),
        allow(
          'ReadSecrets',
          ['ssm:GetParameters'],
          args.secrets.map(({ parameterArn }) => parameterArn),
        ),
        allow(
          'WriteLog',
          ['logs:CreateLogStream', 'logs:PutLogEvents'],
          pulumi.interpolate`${logGroup.arn}:*`,
        ),
      ],
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
function variables({ address, allowHttpSources, secrets }: PortalArgs) {
  const plain = {
    FARM: pulumi.jsonStringify(address),
    ALLOW_HTTP_SOURCES: allowHttpSources ? 'true' : 'false',
  } satisfies Partial<Record<keyof PortalEnvironment, pulumi.Input<string>>>;
  const names = Object.fromEntries(secrets.map(({ name, parameterName }) => [name, parameterName]));
  return {
    ...plain,
    SECRET_PARAMETERS: pulumi.jsonStringify(names),
    SECRET_VERSIONS: pulumi
      .all(secrets.map(({ version }) => version ?? 1))
      .apply((versions) => versions.join('.')),
  };
}
