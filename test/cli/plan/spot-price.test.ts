import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { spotPriceOf } from '../../../cli/plan/spot-price.ts';
import { instances, pricedRegion, pricesDate } from '../../../tools/cost/prices.ts';
import { startAwsAnswers } from '../../helpers/program/aws-answers.ts';

const answer = (...prices: string[]) => {
  const items = prices.map((price) => `<item><spotPrice>${price}</spotPrice></item>`).join('');
  return `<DescribeSpotPriceHistoryResponse><spotPriceHistorySet>${items}</spotPriceHistorySet></DescribeSpotPriceHistoryResponse>`;
};
const table = { ...instances['g4dn.xlarge'].spot, region: pricedRegion, source: 'table', date: pricesDate };

it('is what EC2 says of the cheapest and the most expensive zone now', async () => {
  await using aws = await startAwsAnswers({ DescribeSpotPriceHistory: answer('0.251000', '0.198000') });
  const before = Date.now();
  const price = await spotPriceOf('g5.xlarge', 'eu-central-1', {
    ec2: new EC2Client({ ...aws.client, maxAttempts: 1 }),
  });
  expect(price).toEqual({
    ...{ from: 0.198, to: 0.251, region: 'eu-central-1', source: 'aws' },
    date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
  });
  const [asked] = aws.asked as Record<string, string>[];
  expect(asked).toMatchObject({ 'InstanceType.1': 'g5.xlarge', 'ProductDescription.1': 'Linux/UNIX' });
  // The history from a moment on begins with the price that held then.
  expect(Math.abs(Date.parse(asked?.StartTime ?? '') - before)).toBeLessThan(60_000);
});

it.each([
  [
    'it may not be asked for',
    '<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>',
  ],
  ['EC2 has none', answer()],
])('is the dated figure of the table where %s', async (_, xml) => {
  await using aws = await startAwsAnswers({ DescribeSpotPriceHistory: xml });
  const ask = (type: 'g4dn.xlarge' | 'g5.xlarge') =>
    spotPriceOf(type, 'eu-central-1', { ec2: new EC2Client({ ...aws.client, maxAttempts: 1 }) });
  expect(await ask('g4dn.xlarge')).toEqual(table);
  expect(await ask('g5.xlarge')).toBeUndefined();
});

it('is the dated figure of the table where there are no credentials, or none come', async () => {
  const ask = (credentials: () => Promise<never>) => {
    const ec2 = new EC2Client({ region: 'us-east-1', credentials });
    return spotPriceOf('g4dn.xlarge', 'us-east-1', { ec2, patienceMs: 100 });
  };
  expect(await ask(() => Promise.reject(new Error('no credentials')))).toEqual(table);
  expect(await ask(() => new Promise<never>(() => {}))).toEqual(table);
});
