import { hoursPerMonth, type PriceName, priceOf } from './prices.ts';

/** So much of something, at its price. */
export interface Charge {
  /** What is paid for, such as `alarm on 2 metrics`. */
  what: string;
  quantity: number;
  /** What the quantity counts, such as `GB-month`. */
  per: string;
  usdEach: number;
  /** List price: `quantity` times `usdEach`, before anything that is free. */
  usd: number;
  /** Where the price is in the table; undefined for instances, which have a separate table. */
  price?: PriceName;
}

export function charge(price: PriceName, quantity: number, what: string): Charge {
  const { usd, per } = priceOf(price);
  return { what, quantity, per, usdEach: usd, usd: quantity * usd, price };
}

/** A multiple of a charge, such as an hour's over a month. */
export function times(count: number, one: Charge): Charge {
  return { ...one, quantity: one.quantity * count, usd: one.usd * count };
}

export function total(charges: readonly { usd: number }[]): number {
  return charges.reduce((sum, { usd }) => sum + usd, 0);
}

/** What a month's free allowance of an account takes off these charges. */
export interface Allowance {
  price: PriceName;
  /** Such as `CloudWatch alarms: the first 10 metric-months`. */
  what: string;
  /** Not above what is charged. */
  usd: number;
}

/** `1 request`, `2 requests`, `5 GB`. */
export function unit(quantity: number, per: string): string {
  return quantity === 1 || per === 'GB' ? per : `${per}s`;
}

/** Each allowance once, however many resources share it. */
export function allowancesOf(charges: readonly Charge[]): Allowance[] {
  const names = new Set(charges.flatMap(({ price }) => (price === undefined ? [] : [price])));
  return [...names].flatMap((price) => {
    const { freePerMonth, usd, per, name } = priceOf(price);
    if (freePerMonth === undefined) return [];
    const used = charges.filter((one) => one.price === price).reduce((sum, one) => sum + one.quantity, 0);
    const what = `${name}: the first ${freePerMonth.toLocaleString('en-US')} ${unit(freePerMonth, per)}`;
    return used === 0 ? [] : [{ price, what, usd: Math.min(used, freePerMonth) * usd }];
  });
}

/** What is left to pay under each price when the month's allowances are off, the most first; nothing that is free. */
export function paidByPrice(charges: readonly Charge[]): { name: string; usd: number }[] {
  const off = new Map(allowancesOf(charges).map(({ price, usd }) => [price, usd]));
  const byPrice = Map.groupBy(charges, ({ price, what }) => price ?? what);
  return [...byPrice.values()]
    .map((group) => {
      const [{ price, what } = { what: '' }] = group;
      const name = price === undefined ? what : priceOf(price).name;
      return { name, usd: total(group) - (price === undefined ? 0 : (off.get(price) ?? 0)) };
    })
    .filter(({ usd }) => usd > 1e-9)
    .sort((a, b) => b.usd - a.usd);
}

/** A charge by the hour, for a whole month. */
export function monthOf(hourly: Charge): Charge {
  return times(hoursPerMonth, hourly);
}
