import { openDeployedPortal } from './deployed.ts';
import { serve } from './hosts/node.ts';

/** In flight are calls of the API, of which none takes as long; then the load balancer has gone elsewhere. */
const drainSeconds = 20;

const portal = openDeployedPortal(process.env);
const host = await serve(() => portal, {
  port: Number(process.env.PORT ?? 8080),
  host: '0.0.0.0',
  behindProxy: true,
});
console.log(`The portal listens on ${host.origin}.`);

// ECS sends it when the load balancer sends no new requests any more; a person's Ctrl-C is the other.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    console.log(`${signal}: the portal ends when it has answered what came in.`);
    void host.drain(drainSeconds).then(() => process.exit());
  });
