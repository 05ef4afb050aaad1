import type * as pulumi from '@pulumi/pulumi';
import type { PortalSettings } from '../settings/portal.ts';
import type { PortalArgs, PortalHost, PortalPlace } from './args.ts';
import { PortalFunction } from './function.ts';
import { PortalService } from './service.ts';

/** The portal on the host that the settings ask for. */
export function createPortal(
  farm: string,
  { host }: PortalSettings,
  args: PortalArgs & PortalPlace,
  opts: pulumi.ComponentResourceOptions,
): PortalHost {
  return host.kind === 'function'
    ? new PortalFunction(`${farm}-portal`, args, opts)
    : new PortalService(`${farm}-portal`, { ...args, ...host, shortName: `${farm}-web` }, opts);
}
