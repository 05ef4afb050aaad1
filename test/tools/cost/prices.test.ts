import { describe, expect, it } from 'vitest';
import { instanceTypes } from '../../../infra/compute/instance-types.ts';
import {
  assertPriced,
  instancePrice,
  instances,
  type Price,
  prices,
  pricesDate,
} from '../../../tools/cost/prices.ts';

describe('prices', () => {
  it.each(Object.entries<Price>(prices))(
    '%s has a price, its seller and where it was read',
    (_name, price) => {
      expect(price.usd).toBeGreaterThan(0);
      expect(price.source).toMatch(/^https:\/\/[\w.-]+\/\S*$/);
      expect(price.read.length).toBeGreaterThan(20);
      expect(price.freePerMonth ?? 1).toBeGreaterThan(0);
    },
  );

  it('are dated', () => {
    expect(Date.parse(pricesDate)).toBeGreaterThan(Date.parse('2026-01-01'));
  });

  it('are there for every instance type that the farm may use, and Spot is below On-Demand', () => {
    expect(Object.keys(instances).sort()).toEqual(Object.keys(instanceTypes).sort());
    for (const { onDemand, spot } of Object.values(instances)) {
      if (spot === undefined) continue;
      expect(onDemand).toBeGreaterThan(spot.to);
      expect(spot.to).toBeGreaterThanOrEqual(spot.from);
    }
  });

  it('of an unknown instance type are refused, with those that there are', () => {
    expect(() => instancePrice('p5.48xlarge')).toThrow(/"p5\.48xlarge".*g4dn\.xlarge, g4dn\.2xlarge/);
    expect(() => instancePrice('toString')).toThrow('no price for the instance type "toString"');
  });

  it('of another region are refused', () => {
    expect(() => assertPriced('eu-central-1')).toThrow(
      'There are no prices for the region "eu-central-1", only for us-east-1.',
    );
    expect(() => assertPriced('us-east-1')).not.toThrow();
  });
});
