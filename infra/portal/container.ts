import type { PortalEnvironment } from '../../portal/src/settings.ts';
import { namedValues, referredSecrets, type SecretReference, toLogGroup } from '../compute/container.ts';

export interface PortalContainerArgs {
  image: string;
  environment: Partial<Record<keyof PortalEnvironment, string>>;
  secrets: SecretReference[];
  logGroupName: string;
  region: string;
}

export const portalContainer = { name: 'portal', port: 8080 };

/** Seconds from SIGTERM to SIGKILL: longer than the portal gives requests that had begun (portal/src/service.ts). */
const stopTimeoutSeconds = 30;

/** The portal's container definition, as ECS' JSON has it. The load balancer checks its health. */
export function buildPortalContainer({
  image,
  environment,
  secrets,
  logGroupName,
  region,
}: PortalContainerArgs) {
  const { name, port } = portalContainer;
  return {
    name,
    image,
    essential: true,
    // `node` of the image.
    user: '1000:1000',
    // The portal writes no file.
    readonlyRootFilesystem: true,
    privileged: false,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    stopTimeout: stopTimeoutSeconds,
    portMappings: [{ containerPort: port, protocol: 'tcp' }],
    environment: namedValues({ ...environment, PORT: String(port) }),
    ...referredSecrets(secrets),
    logConfiguration: toLogGroup(logGroupName, region, name),
  };
}
