import type { Plan } from '../plan/plan.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { type PartRecord, partRecordSchema } from '../protocol/part-record.ts';
import { eachLimited } from '../storage/limited.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

const readsAtOnce = 16;

/**
 * Reads what was recorded of a plan, by any worker, in the order of its parts. A record that can't be read counts as
 * none.
 */
export async function readRecords(
  output: Store,
  folder: PlanFolder,
  plan: Plan,
  signal: AbortSignal,
): Promise<PartRecord[]> {
  const isPart = new Set(plan.parts.map(({ index }) => index));
  const { objects } = await output.listAll(folder.parts, signal);
  const keys = objects.flatMap(({ key }) => {
    const named = folder.readPartKey(key);
    return named?.kind === 'record' && isPart.has(named.part) ? [key] : [];
  });
  const records: PartRecord[] = [];
  await eachLimited(keys, readsAtOnce, async (key) => {
    const record = await readJson(output, key, partRecordSchema, signal);
    if (record !== undefined) records.push(record);
  });
  return records.sort((a, b) => a.part - b.part);
}
