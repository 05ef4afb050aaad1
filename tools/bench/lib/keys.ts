import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { LocalFarm } from '../../../cli/local-farm/farm.ts';

/**
 * When results came into storage, as it says itself after the job: to look for them while the job is measured would take from it.
 * @param names what each is called, and its key; of several objects the first counts
 * @returns milliseconds of the clock, by name
 */
export async function readKeyTimes(
  farm: Pick<LocalFarm, 's3' | 'outputBucket'>,
  names: Record<string, RegExp>,
): Promise<Map<string, number>> {
  const { Contents = [] } = await farm.s3.send(new ListObjectsV2Command({ Bucket: farm.outputBucket }));
  const found = Object.entries(names).map(([name, key]): [string, number] => {
    const times = Contents.filter(({ Key = '' }) => key.test(Key)).map(
      ({ LastModified }) => LastModified?.getTime() ?? Number.NaN,
    );
    return [name, Math.min(...times)];
  });
  return new Map(found.filter(([, time]) => Number.isFinite(time)));
}
