import { element } from './elements.js';

const svg = 'http://www.w3.org/2000/svg';
const [width, height, gap] = [240, 64, 2];

function shape(name, attributes) {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/**
 * A small chart: a bar for each hour of a day.
 * @param title what it shows; @param summary the day in a few words, beside it
 * @param bars `{ label, parts }`: a label for the pointer, and parts of the bar from below, `{ value, kind }`
 */
export function barChart({ title, summary, bars }) {
  const sums = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const most = Math.max(...sums, Number.MIN_VALUE);
  const step = width / bars.length;
  const chart = shape('svg', {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `${title} by the hour: ${summary}`,
  });
  chart.append(shape('line', { class: 'base', x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }));
  for (const [at, { label, parts }] of bars.entries()) {
    const bar = shape('g', {});
    const name = document.createElementNS(svg, 'title');
    name.textContent = label;
    // The whole column has the label, also where nothing stands in it.
    bar.append(name, shape('rect', { class: 'column', x: at * step, y: 0, width: step, height }));
    let below = 0;
    for (const { value, kind } of parts) {
      const tall = (value / most) * (height - 4);
      if (tall <= 0) continue;
      const y = height - 1 - below - tall;
      bar.append(
        shape('rect', { class: kind, x: at * step + gap / 2, y, width: step - gap, height: tall, rx: 1 }),
      );
      below += tall;
    }
    chart.append(bar);
  }
  return element('figure', { className: 'chart' }, [
    element('figcaption', {}, [element('span', { text: title }), element('b', { text: summary })]),
    chart,
  ]);
}
