/**
 * Does `work` on each item, at most `limit` at once. The first error is thrown when the others under way have ended.
 * @param items are asked for when there is room for them
 */
export async function eachLimited<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    try {
      for (let next = await rest.next(); !next.done && !failed; next = await rest.next())
        await work(next.value);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}

/** What `work` makes of each item, in their order; otherwise as `eachLimited`. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>();
  await eachLimited(items.entries(), limit, async ([index, item]) => {
    results.set(index, await work(item, index));
  });
  return items.map((_, index) => results.get(index) as R);
}
