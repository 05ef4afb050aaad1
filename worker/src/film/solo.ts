import type { Plan } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { partsMissing } from './choose.ts';
import type { Crew } from './crew.ts';

/** One worker that makes the whole film: parts in their order, and nobody to ask. */
export function soloCrew(plan: Plan, recorded: readonly PartRecord[]): Crew {
  const records = [...recorded];
  const begun = new Set<number>();
  return {
    look: async () => ({ records: records.toSorted((a, b) => a.part - b.part), others: [] }),
    async next(kind) {
      const part = partsMissing(plan, records).find((each) => each.kind === kind && !begun.has(each.index));
      if (part !== undefined) begun.add(part.index);
      return part;
    },
    recorded: (record) => void records.push(record),
    takeAssembly: async () => true,
    leave: async () => false,
  };
}
