import type { JobState } from '../../../worker/src/protocol/status.ts';
import { toolPath } from '../ffmpeg/tool-path.ts';
import { until } from '../until.ts';
import { type FaultFarm, script, startFaultFarm } from './fault-farm.ts';

/** A farm whose media tools may ask for this much memory each, address space included, and get no more. */
export async function startHostileFarm(env: Parameters<typeof startFaultFarm>[0] = {}): Promise<FaultFarm> {
  const faults = await startFaultFarm({ PROBE_TIMEOUT_SECONDS: '20', MAX_ATTEMPTS: '2', ...env });
  for (const [name, variable] of [
    ['ffmpeg', 'FFMPEG_PATH'],
    ['ffprobe', 'FFPROBE_PATH'],
  ] as const) {
    faults.farm.env[variable] = await script(faults.folder, `small-${name}`, [
      `ulimit -v ${memoryKilobytes}`,
      `exec ${toolPath(name)} "$@"`,
    ]);
  }
  return faults;
}

/** Of address space: libraries take half a gigabyte of it before any film is opened. */
const memoryKilobytes = 1_500_000;

/** Waits until so many jobs have ended, and returns their states by their source's key. */
export async function allEnded(
  { farm }: FaultFarm,
  count: number,
  timeoutSeconds: number,
): Promise<Map<string, JobState>> {
  const ended = new Map<string, JobState>();
  const seen = new Set<string>();
  await until(
    async () => {
      for (const id of await farm.jobIds()) {
        if (seen.has(id)) continue;
        const text = await farm.read(`${id}/status.json`);
        if (text === undefined) continue;
        const state = JSON.parse(text) as JobState;
        if (state.state !== 'succeeded' && state.state !== 'failed') continue;
        seen.add(id);
        ended.set(state.source.replace(`s3://${farm.sourceBucket}/`, ''), state);
      }
      return seen.size >= count;
    },
    `${count} jobs to end`,
    timeoutSeconds,
  );
  return ended;
}

/** In a word: `succeeded`, or the reason why not. */
export function outcome(state: JobState | undefined): string {
  if (state === undefined) return 'no end';
  return state.state === 'failed' ? (state.error?.code ?? 'no reason') : state.state;
}
