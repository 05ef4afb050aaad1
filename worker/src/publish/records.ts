import type { Part, Plan } from '../plan/plan.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { type PartRecord, partRecordSchema } from '../protocol/part-record.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

/** Reads what was recorded of a plan, by this worker or by one that is gone. A record that can't be read is as none. */
export async function readRecords(
  output: Store,
  folder: PlanFolder,
  plan: Plan,
  signal: AbortSignal,
): Promise<PartRecord[]> {
  const read = ({ index }: Part) => readJson(output, folder.record(index), partRecordSchema, signal);
  const records: PartRecord[] = [];
  const atOnce = 16;
  for (let from = 0; from < plan.parts.length; from += atOnce) {
    const found = await Promise.all(plan.parts.slice(from, from + atOnce).map(read));
    records.push(...found.filter((record) => record !== undefined));
  }
  return records;
}
