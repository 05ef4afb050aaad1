import type { InstanceTypeName } from '../../infra/compute/instance-types.ts';
import { instances, pricedRegion, pricesDate } from '../../tools/cost/prices.ts';

/** What an instance on Spot costs an hour, in US dollars, in the cheapest and the most expensive zone. */
export interface SpotPrice {
  from: number;
  to: number;
  region: string;
  /** `aws`: asked of EC2 for this plan. `table`: from the table that docs/cost.md shows. */
  source: 'aws' | 'table';
  /** When it held: a day. */
  date: string;
}

/** Undefined where docs/cost.md has no figure. */
export function tablePrice(instanceType: InstanceTypeName): SpotPrice | undefined {
  const { spot } = instances[instanceType];
  return spot && { ...spot, region: pricedRegion, source: 'table', date: pricesDate };
}
