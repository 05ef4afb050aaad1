import { api } from '../api.js';
import { formatBytes, formatUsd } from '../format.js';

/** Typing and clicking go on until this has passed. */
const quietMs = 200;

/** Asks the portal what films would take and cost; of several questions in a row the last one is answered. */
export class Estimates {
  #asked = 0;
  #signal;

  constructor(signal) {
    this.#signal = signal;
  }

  /**
   * @param items of the selection
   * @returns the answer; undefined where nothing can be estimated, and where a later question was asked
   */
  async ask(items, options) {
    this.#asked += 1;
    const number = this.#asked;
    const films = items.filter(({ facts }) => facts?.seconds > 0).map(describeFilm);
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    if (number !== this.#asked || films.length === 0) return undefined;
    const body = { films: films.slice(0, 100), options };
    const answer = await api.post('/api/estimate', body, { signal: this.#signal }).catch(() => undefined);
    return number === this.#asked ? answer : undefined;
  }
}

function describeFilm({ bytes = 0, facts: { seconds, width, height } }) {
  return { bytes, seconds, ...(width && height && { width, height }) };
}

/** `about 4 min`. */
export function aboutTime(seconds) {
  if (seconds === undefined) return 'a few seconds';
  if (seconds < 10) return 'a few seconds';
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} s`;
  if (seconds < 90) return 'about 1 min';
  if (seconds < 3570) return `about ${Math.round(seconds / 60)} min`;
  const minutes = Math.round(seconds / 300) * 5;
  return `about ${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
}

/** `$0.03`, `$0.02 to $0.04` where the farm buys both; empty where nothing is to be paid. */
export function aboutPrice(costs) {
  if (costs.length === 0) return '';
  const usd = costs.map((cost) => cost.usd);
  const [low, high] = [formatUsd(Math.min(...usd)), formatUsd(Math.max(...usd))];
  return low === high ? low : `${low} to ${high}`;
}

/** The line under the options. */
export function estimateLine({ seconds, costs, bytes, storageUsdPerMonth, machine }) {
  const price = aboutPrice(costs);
  const stored = storageUsdPerMonth === undefined ? '' : `, ${formatUsd(storageUsdPerMonth)} a month`;
  return {
    main: [aboutTime(seconds), price].filter(Boolean).join(', '),
    rest: `on ${machine}  ·  up to ${formatBytes(bytes)} to store${stored}`,
  };
}
