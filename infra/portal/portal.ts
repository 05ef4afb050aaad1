import type * as pulumi from '@pulumi/pulumi';
import type { PortalSettings } from '../settings/portal.ts';
import type { PortalArgs, PortalHost, PortalPlace } from './args.ts';
import { PortalFunction } from './function.ts';
import { PortalService } from './service.ts';

/** The portal on the host that the settings ask for. */
export function createPortal(
  farm: string,
  { host }: PortalSettings,
  { place, ...args }: PortalArgs & { place: PortalPlace | undefined },
  opts: pulumi.ComponentResourceOptions,
): PortalHost {
  if (host.kind === 'function') return new PortalFunction(`${farm}-portal`, args, opts);
  if (place === undefined) throw new TypeError('A portal in containers has a network.');
  return new PortalService(`${farm}-portal`, { ...args, ...place, ...host, shortName: `${farm}-web` }, opts);
}
