import { DescribeSpotPriceHistoryCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { InstanceTypeName } from '../../infra/compute/instance-types.ts';
import { openAgents } from '../../worker/src/storage/agents.ts';
import { type SpotPrice, tablePrice } from './table-price.ts';

/** A plan does not wait longer for a price. Without credentials the SDK looks for those of an instance meanwhile. */
const usualPatienceMs = 3000;

/**
 * Today's price where this machine may ask AWS, else the table's. No one has asked for the call, so its failure is not an error: the
 * price says which it is.
 * @returns undefined where AWS gives none and the table has none
 */
export async function spotPriceOf(
  instanceType: InstanceTypeName,
  region: string,
  {
    ec2 = new EC2Client({ region, maxAttempts: 1, requestHandler: openAgents() }),
    patienceMs = usualPatienceMs,
  }: { ec2?: EC2Client; patienceMs?: number } = {},
): Promise<SpotPrice | undefined> {
  const asked = askSpotPrice(ec2, instanceType, region, AbortSignal.timeout(patienceMs));
  return (await asked.catch(() => undefined).finally(() => ec2.destroy())) ?? tablePrice(instanceType);
}

/**
 * With the present as its beginning, the history is the price that holds in each zone:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
 */
async function askSpotPrice(
  ec2: EC2Client,
  instanceType: InstanceTypeName,
  region: string,
  abortSignal: AbortSignal,
): Promise<SpotPrice | undefined> {
  const now = new Date();
  const command = new DescribeSpotPriceHistoryCommand({
    InstanceTypes: [instanceType],
    ProductDescriptions: ['Linux/UNIX'],
    StartTime: now,
  });
  const overdue = new Promise<never>((_, reject) =>
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true }),
  );
  const { SpotPriceHistory = [] } = await Promise.race([ec2.send(command, { abortSignal }), overdue]);
  const prices = SpotPriceHistory.map(({ SpotPrice }) => Number(SpotPrice)).filter((usd) => usd > 0);
  if (prices.length === 0) return undefined;
  const date = now.toISOString().slice(0, 10);
  return { from: Math.min(...prices), to: Math.max(...prices), region, source: 'aws', date };
}
