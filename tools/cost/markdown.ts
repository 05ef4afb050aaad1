/** Markdown that is pleasant to read in a terminal too: columns stand under each other. */

/** @param headers a header that ends in `:` belongs to a column of figures, which are set to the right */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const right = headers.map((header) => header.endsWith(':'));
  const names = headers.map((header) => header.replace(/:$/, ''));
  const widths = names.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, right[column] ?? false)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    right[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(names), line(rule), ...rows.map(line)].join('\n');
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

/** `$1.22`, `$150.24`; below a cent as many places as show two figures. */
export function usd(amount: number): string {
  if (amount === 0) return '$0';
  if (Math.abs(amount) >= 0.0995) return `$${amount.toFixed(2)}`;
  return `$${amount.toPrecision(2).replace(/^(\d\.\d*)e-(\d+)$/, (_, digits, places) => Number(`${digits}e-${places}`).toFixed(Number(places) + 1))}`;
}

/** `43,800`, `0.19`. */
export function count(quantity: number): string {
  return quantity.toLocaleString('en-US', { maximumSignificantDigits: quantity < 1000 ? 3 : 7 });
}

/** A price in full: `$0.0000004`. */
export function unitPrice(amount: number): string {
  return `$${amount.toFixed(10).replace(/0+$/, '').replace(/\.$/, '')}`;
}
