import { table, unitPrice } from './markdown.ts';
import { instances, instancesSource, type Price, prices } from './prices.ts';

/** Every price with where it is from, as Markdown. */
export function priceTable(): string {
  const rows = Object.values<Price>(prices).map(
    ({ name, usd, per, freePerMonth, confirmed, source, read }) => [
      `[${name}](${source})`,
      unitPrice(usd),
      per,
      freePerMonth === undefined ? '' : freePerMonth.toLocaleString('en-US'),
      confirmed,
      read,
    ],
  );
  const machines = Object.entries(instances).map(([type, { onDemand, spot }]) => [
    type,
    `$${onDemand}`,
    spot === undefined ? 'no figure' : `$${spot.from} to $${spot.to}`,
  ]);
  return [
    table(['what', 'price:', 'for a', 'free a month:', 'sure', 'read'], rows),
    `Instances by the hour, Linux. On-Demand: ${instancesSource.onDemand} ("seller"). Spot: ${instancesSource.spot} ("unconfirmed").`,
    table(['type', 'On-Demand:', 'Spot:'], machines),
  ].join('\n\n');
}
