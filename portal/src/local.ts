import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Farm } from '../../cli/farm/farm.ts';
import { serve } from './hosts/node.ts';
import { createPortal, type OpenPortal } from './portal.ts';
import { largestObjectBytes } from './services.ts';

export interface LocalPortalOptions {
  farm: Farm;
  /** @default any free port */
  port?: number | undefined;
  /** Whether jobs may name http(s) URLs. @default false */
  urls?: boolean;
}

export interface LocalPortal {
  origin: string;
  /** An address that signs in once. @param to the path that it leads to */
  signInUrl(to?: string): string;
  /** An address that shows one film to whoever has it, while this portal runs. */
  shareUrl(job: string): string;
  /** Where that film's files are. */
  sharedFilmsUrl(job: string): string;
  close(): Promise<void>;
}

/** A local farm's storage keeps the parts of an upload in memory, and no object of 2 GiB or more. */
const localUploadBytes = 2 ** 31 - 1;
const daySeconds = 24 * 3600;

/** The portal on this machine alone, for whoever may use the farm by its command line. */
export async function startLocalPortal({
  farm,
  port,
  urls = false,
}: LocalPortalOptions): Promise<LocalPortal> {
  const { address } = farm;
  let portal: OpenPortal | undefined;
  const host = await serve(
    (origin) => {
      portal = createPortal({
        farm,
        signingKey: randomBytes(32).toString('base64url'),
        origins: [origin, origin.replace('127.0.0.1', 'localhost')],
        features: {
          title: 'transcode-farm',
          urls,
          maxUploadBytes: address.local ? localUploadBytes : largestObjectBytes,
          publicUrl: address.publicUrl || undefined,
        },
        onError: (error) => console.error('portal:', error instanceof Error ? error.stack : error),
      });
      return portal;
    },
    { port },
  );
  await portal?.askClock();
  return {
    origin: host.origin,
    signInUrl: (to) => `${host.origin}${portal?.signInPath(userInfo().username, to)}`,
    shareUrl: (job) => `${host.origin}${portal?.sharePath(job, daySeconds)}`,
    sharedFilmsUrl: (job) => `${host.origin}/api${portal?.sharePath(job, daySeconds)}/films`,
    close: host.close,
  };
}
