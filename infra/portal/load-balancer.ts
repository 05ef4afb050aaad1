import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { issueCertificate, leadDomain } from './certificate.ts';

/** How browsers reach the portal. */
export type PortalEntry =
  | { scheme: 'https'; domain: string; certificateArn?: pulumi.Input<string>; zoneId?: pulumi.Input<string> }
  | { scheme: 'http'; domain?: string; zoneId?: pulumi.Input<string> };

export interface LoadBalancerArgs {
  entry: PortalEntry;
  vpcId: pulumi.Input<string>;
  /** Public ones, in two zones or more. */
  subnetIds: pulumi.Input<string[]>;
  /** Where the portal's tasks listen. */
  port: number;
  /** Of the portal's tasks. */
  taskGroupId: pulumi.Input<string>;
}

/** TLS 1.2 and 1.3: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html */
const tlsPolicy = 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06';

/** Seconds that a task which ends is still given requests that had begun: its longest call, and some. */
const drainSeconds = 30;

/**
 * What the internet reaches of the portal: a load balancer that takes HTTPS, and sends it to healthy tasks.
 *
 * Cost: $16.43 a month in us-east-1, $5.84 for each unit of load that is used, and $3.65 for the public address in each zone
 * (https://aws.amazon.com/elasticloadbalancing/pricing/).
 */
export class LoadBalancer extends pulumi.ComponentResource {
  /** Such as `https://films.example.com`. */
  readonly origin: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly arnSuffix: pulumi.Output<string>;
  readonly targetGroup: aws.lb.TargetGroup;
  /** Tasks can be registered when it is there. */
  readonly listener: aws.lb.Listener;

  /** @param name at most 24 characters: AWS takes 32, and Pulumi adds eight */
  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:portal:LoadBalancer', name, {}, opts);
    const { entry, vpcId, subnetIds, port } = args;
    const own = { parent: this };
    const balancer = new aws.lb.LoadBalancer(
      name,
      {
        loadBalancerType: 'application',
        internal: false,
        ipAddressType: 'ipv4',
        subnets: subnetIds,
        securityGroups: [createGroup(this, name, args)],
        // Headers that are not valid could mean one thing here and another to the portal.
        dropInvalidHeaderFields: true,
        desyncMitigationMode: 'strictest',
        // The portal believes the last address alone, which is the load balancer's own word.
        xffHeaderProcessingMode: 'append',
        preserveHostHeader: true,
        idleTimeout: 60,
      },
      own,
    );
    this.targetGroup = new aws.lb.TargetGroup(
      name,
      {
        vpcId,
        targetType: 'ip',
        protocol: 'HTTP',
        port,
        deregistrationDelay: drainSeconds,
        healthCheck: {
          path: '/health',
          matcher: '200',
          interval: 15,
          timeout: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 3,
        },
      },
      own,
    );
    if (entry.domain !== undefined && entry.zoneId !== undefined)
      leadDomain(this, name, entry.domain, entry.zoneId, balancer);
    this.listener = createListeners(this, name, entry, balancer, this.targetGroup);
    this.dnsName = balancer.dnsName;
    this.arnSuffix = balancer.arnSuffix;
    // AWS writes the name with capitals in it, and browsers ask for it without.
    this.origin = pulumi.interpolate`${entry.scheme}://${entry.domain ?? balancer.dnsName.apply((host) => host.toLowerCase())}`;
    this.registerOutputs({ origin: this.origin, dnsName: this.dnsName });
  }
}

function createListeners(
  parent: LoadBalancer,
  name: string,
  entry: PortalEntry,
  balancer: aws.lb.LoadBalancer,
  targetGroup: aws.lb.TargetGroup,
): aws.lb.Listener {
  const toTasks = [{ type: 'forward', targetGroupArn: targetGroup.arn }];
  const listen = (suffix: string, args: Omit<aws.lb.ListenerArgs, 'loadBalancerArn'>) =>
    new aws.lb.Listener(`${name}-${suffix}`, { loadBalancerArn: balancer.arn, ...args }, { parent });
  if (entry.scheme === 'http') return listen('http', { port: 80, protocol: 'HTTP', defaultActions: toTasks });
  const certificateArn = entry.certificateArn ?? certificateIn(parent, name, entry);
  listen('http', {
    port: 80,
    protocol: 'HTTP',
    defaultActions: [
      { type: 'redirect', redirect: { protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' } },
    ],
  });
  return listen('https', {
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: tlsPolicy,
    certificateArn,
    defaultActions: toTasks,
  });
}

function certificateIn(
  parent: LoadBalancer,
  name: string,
  { domain, zoneId }: PortalEntry & { scheme: 'https' },
): pulumi.Output<string> {
  if (zoneId === undefined)
    throw new Error(`LoadBalancer "${name}": ${domain} has neither a certificate nor a zone to make one in.`);
  return issueCertificate(parent, name, domain, zoneId);
}

/** In from everywhere, out to the tasks alone. */
function createGroup(
  parent: LoadBalancer,
  name: string,
  { entry, vpcId, port, taskGroupId }: LoadBalancerArgs,
): pulumi.Output<string> {
  const group = new aws.ec2.SecurityGroup(
    name,
    { vpcId, description: 'Load balancer of the portal: HTTPS in, tasks out', revokeRulesOnDelete: true },
    { parent },
  );
  for (const open of entry.scheme === 'https' ? [443, 80] : [80]) {
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-${open}`,
      {
        securityGroupId: group.id,
        description: open === 80 && entry.scheme === 'https' ? 'Redirected to HTTPS' : 'Browsers',
        ipProtocol: 'tcp',
        fromPort: open,
        toPort: open,
        cidrIpv4: '0.0.0.0/0',
      },
      { parent },
    );
  }
  const toTasks = { ipProtocol: 'tcp', fromPort: port, toPort: port };
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-tasks`,
    {
      ...toTasks,
      securityGroupId: group.id,
      description: 'Tasks of the portal',
      referencedSecurityGroupId: taskGroupId,
    },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-tasks`,
    {
      ...toTasks,
      securityGroupId: taskGroupId,
      description: 'The load balancer, and nobody else',
      referencedSecurityGroupId: group.id,
    },
    { parent },
  );
  return group.id;
}
