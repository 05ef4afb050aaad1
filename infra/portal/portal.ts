import type * as pulumi from '@pulumi/pulumi';
import type { FarmPieces } from '../pieces.ts';
import type { PortalSettings } from '../settings/portal.ts';
import type { PortalArgs, PortalHost } from './args.ts';
import { PortalFunction } from './function.ts';
import { portalSecrets } from './portal-secrets.ts';
import type { PortalFarm } from './rights.ts';
import { PortalService } from './service.ts';

/** The farm in a browser, on the host that the settings ask for. */
export function createPortal(
  name: string,
  portal: PortalSettings,
  farm: FarmPieces & Pick<PortalArgs, 'address'>,
  own: pulumi.ComponentResourceOptions,
): PortalHost {
  const { settings, region, network, address } = farm;
  const { host, signIn } = portal;
  const { logRetentionDays, containerInsights } = settings.monitoring;
  const args: PortalArgs = {
    farm: farmOf(farm),
    region,
    address,
    signIn,
    allowHttpSources: settings.worker.ALLOW_HTTP_SOURCES === 'true',
    secrets: portalSecrets(name, portal, farm.secrets, own),
    logRetentionDays,
  };
  if (host.kind === 'function') return new PortalFunction(`${name}-portal`, args, own);
  if (network === undefined) throw new TypeError('A portal in containers has a network.');
  const { vpcId, subnetIds } = network;
  const { assignPublicIp } = settings.network;
  const place = { vpcId, subnetIds, assignPublicIp, containerInsights };
  return new PortalService(`${name}-portal`, { ...args, ...place, ...host, shortName: `${name}-web` }, own);
}

function farmOf({ source, output, jobs, parts, reports, workers }: FarmPieces): PortalFarm {
  const { service, functionArn } = workers;
  return {
    source,
    output,
    jobs,
    parts,
    topicArns: [jobs.topicArn, ...Object.values(jobs.laneTopicArns)],
    serviceArn: service?.serviceArn,
    functionArn,
    hasGroup: service?.capacity.group !== undefined,
    webhooks: reports?.bucketArn && {
      bucketArn: reports.bucketArn,
      deadLetters: reports.deadLetters,
      reporterArn: reports.reporterArn,
    },
  };
}
