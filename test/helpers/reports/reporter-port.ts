import type { FarmProcess } from '../../../cli/local-farm/process.ts';
import { until } from '../until.ts';

/** Where a local reporter answers commands. */
export async function reporterPort(reporter: FarmProcess): Promise<number> {
  const started = () =>
    reporter.log
      .map((line) => JSON.parse(line) as { msg: string; port?: number })
      .find(({ msg }) => msg === 'reporter started');
  await until(async () => started() !== undefined, 'the reporter to start');
  return started()?.port ?? 0;
}
