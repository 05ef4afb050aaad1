import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Farm } from './farm.ts';

/**
 * Now, by the clock of the output's storage: this machine's clock may be off by more than a job takes. In whole seconds,
 * as HTTP dates are.
 */
export async function storageTime({ address, output }: Pick<Farm, 'address' | 'output'>): Promise<Date> {
  let date: string | undefined;
  const command = new HeadObjectCommand({ Bucket: address.outputBucket, Key: `${address.outputPrefix}time` });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    // Before an answer without an object becomes an error.
    { step: 'deserialize', priority: 'low', name: 'readDate' },
  );
  const failure = await output.send(command).catch((error: unknown) => error);
  if (date !== undefined && !Number.isNaN(Date.parse(date))) return new Date(date);
  if (failure instanceof Error) throw failure;
  return new Date();
}

/**
 * The storage's next second, when it has begun: what ended before the call ended before it, and what is sent afterwards ends later.
 * Within a second `storageTime` alone cannot distinguish them.
 */
export async function nextStorageSecond(farm: Pick<Farm, 'address' | 'output'>): Promise<Date> {
  const now = await storageTime(farm);
  await sleep(1000);
  return new Date(now.getTime() + 1000);
}
