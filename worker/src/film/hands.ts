import type { Plan } from '../plan/plan.ts';
import { type Hand, handKey, handSchema, isHandKey, type SeenHand } from '../protocol/hand.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import { type PartRecord, partRecordSchema } from '../protocol/part-record.ts';
import { headersFor } from '../publish/content-types.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';
import type { FilmView } from './choose.ts';

/**
 * All that workers of one film know of each other, read from the output bucket: records say which parts are done, hands
 * which are being made. Time is the storage's own, read off the hand that was just shown, so no clock must be right.
 */
export interface Hands {
  readonly ownKey: string;
  /** Writes this worker's hand. */
  show(hand: Hand, signal: AbortSignal): Promise<void>;
  /** After `show`: records are read once, hands each time. */
  view(signal: AbortSignal): Promise<FilmView>;
  remove(keys: readonly string[], signal: AbortSignal): Promise<void>;
}

export function openHands(options: {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  owner: string;
  staleSeconds: number;
}): Hands {
  const { plan, folder, output, owner, staleSeconds } = options;
  const ownKey = handKey(folder.prefix, owner);
  const partOf = new Map(plan.parts.map(({ index }) => [folder.record(index), index]));
  const records = new Map<number, PartRecord>();

  const list = async (signal: AbortSignal) => {
    const objects: Listed[] = [];
    for await (const object of output.list(folder.parts, signal)) objects.push(object);
    return objects;
  };

  const readRecords = async (listed: readonly Listed[], signal: AbortSignal) => {
    const there = new Set(listed.flatMap(({ key }) => partOf.get(key) ?? []));
    // One that was removed, because its segments are gone, is to be made again.
    for (const part of records.keys()) if (!there.has(part)) records.delete(part);
    const unread = [...there].filter((part) => !records.has(part));
    await Promise.all(
      unread.map(async (part) => {
        const record = await readJson(output, folder.record(part), partRecordSchema, signal);
        if (record !== undefined) records.set(part, record);
      }),
    );
    return [...records.values()].sort((a, b) => a.part - b.part);
  };

  const readHands = async (listed: readonly Listed[], signal: AbortSignal): Promise<SeenHand[]> => {
    const now = timeOf(listed.find(({ key }) => key === ownKey));
    const others = listed.filter(({ key }) => isHandKey(key) && key !== ownKey);
    const read = others.map(async (object) => {
      const hand = await readJson(output, object.key, handSchema, signal);
      const ageMs = now - timeOf(object);
      return hand && { ...hand, key: object.key, fresh: ageMs < staleSeconds * 1000 };
    });
    return (await Promise.all(read)).filter((hand) => hand !== undefined);
  };

  return {
    ownKey,
    show: (hand, signal) => output.put(ownKey, JSON.stringify(hand), { ...headersFor(ownKey), signal }),
    async view(signal) {
      const listed = await list(signal);
      const [known, others] = await Promise.all([readRecords(listed, signal), readHands(listed, signal)]);
      return { records: known, others };
    },
    remove: (keys, signal) => output.remove(keys, signal),
  };
}

interface Listed {
  key: string;
  lastModified?: Date;
}

const timeOf = (object: Listed | undefined) => object?.lastModified?.getTime() ?? 0;
