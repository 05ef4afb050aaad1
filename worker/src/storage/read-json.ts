import type { z } from 'zod';
import type { Store } from './store.ts';

/** A small JSON object as its schema has it. Undefined where there is none, and where it is not what it should be. */
export async function readJson<T>(
  store: Store,
  key: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const bytes = await store.get(key, signal);
  if (bytes === undefined) return undefined;
  const parsed = schema.safeParse(parse(bytes));
  return parsed.success ? parsed.data : undefined;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
