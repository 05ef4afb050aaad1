import { connect } from '../../../cli/farm/farm.ts';
import { type LocalPortal, type LocalPortalOptions, startLocalPortal } from '../../../portal/src/local.ts';
import { addressOf } from '../local-farm/farm-command.ts';
import type { TestFarm } from '../local-farm/local-farm.ts';

/** The portal of a test's farm, on loopback. */
export async function startPortal(
  farm: TestFarm,
  options: Omit<LocalPortalOptions, 'farm'> = {},
): Promise<LocalPortal> {
  const address = { ...addressOf(farm), outputPrefix: farm.env.OUTPUT_PREFIX ?? '' };
  const connected = connect(address);
  const portal = await startLocalPortal({ farm: connected, ...options });
  return {
    ...portal,
    close: async () => {
      await portal.close();
      connected.close();
    },
  };
}
