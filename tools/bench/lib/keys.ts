import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { LocalFarm } from '../../../cli/local-farm/farm.ts';

const lookMs = 50;

/**
 * Notes when results are in storage. @param names what each is called, and the key that it has
 * @param seen gets the milliseconds of the clock
 * @returns ends it
 */
export function watchKeys(
  farm: Pick<LocalFarm, 's3' | 'outputBucket'>,
  names: Record<string, RegExp>,
  seen: Map<string, number>,
): () => void {
  const look = async () => {
    const left = Object.entries(names).filter(([name]) => !seen.has(name));
    if (left.length === 0) return;
    const { Contents = [] } = await farm.s3.send(new ListObjectsV2Command({ Bucket: farm.outputBucket }));
    for (const [name, key] of left)
      if (Contents.some(({ Key = '' }) => key.test(Key))) seen.set(name, Date.now());
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookMs);
  return () => clearInterval(timer);
}
