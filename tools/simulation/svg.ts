/** Just enough SVG for plots that read well on light and dark pages. */
type Attributes = Record<string, string | number>;

/** Distinguishable without red and green vision (Okabe and Ito's palette). */
export const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'] as const;

const ink = '#333';
const faint = '#ddd';

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  return content === ''
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${content}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x: round(x), y: round(y), fill: ink, ...attributes }, escaped(content));
}

export function bar(x: number, y: number, width: number, height: number, fill: string, title = ''): string {
  const box = { x: round(x), y: round(y), width: round(Math.max(0.5, width)), height: round(height), fill };
  return element('rect', box, title === '' ? '' : element('title', {}, escaped(title)));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  const ends = { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2) };
  return element('line', { ...ends, stroke: faint, ...attributes });
}

export function path(points: readonly (readonly [number, number])[], stroke: string): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
  return element('path', { d, fill: 'none', stroke, 'stroke-width': 2, 'stroke-linejoin': 'round' });
}

/** A whole picture on white. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const content = [
    element('title', {}, escaped(title)),
    element('rect', { width, height, fill: '#fff' }),
    text(16, 26, title, { 'font-size': 15, 'font-weight': 600 }),
    ...parts,
  ];
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      'font-family': 'system-ui, sans-serif',
      'font-size': 12,
    },
    `\n${content.join('\n')}\n`,
  )}\n`;
}

/** Coloured names in a row. */
export function legend(x: number, y: number, entries: readonly { name: string; colour: string }[]): string[] {
  let at = x;
  return entries.flatMap(({ name, colour }) => {
    const parts = [bar(at, y - 9, 10, 10, colour), text(at + 15, y, name)];
    at += 33 + name.length * 6.4;
    return parts;
  });
}

/** Round numbers from zero to `max`, some of which are enough to read the others from. */
export function ticks(max: number, about = 6): number[] {
  const raw = max / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
