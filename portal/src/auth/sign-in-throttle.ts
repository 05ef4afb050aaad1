import { RateLimit } from './rate-limit.ts';

/**
 * How fast passwords may be guessed, so that no one can keep others from signing in.
 *
 * - Each address has ten tries, and five a minute after that.
 * - When more than sixty tries a minute fail altogether, someone guesses from many addresses. Then an address that no one
 *   knows has three tries, and one a minute after that: never none, as then a stranger could shut everyone out.
 * - A browser that has signed in before is known by a cookie and has limits of its own, whatever its address and others do.
 *   (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies)
 */
export class SignInThrottle {
  readonly #addresses: RateLimit;
  readonly #addressesUnderAttack: RateLimit;
  readonly #devices: RateLimit;
  readonly #failures: RateLimit;

  constructor(now: () => number = Date.now) {
    this.#addresses = new RateLimit(10, 5, now);
    this.#addressesUnderAttack = new RateLimit(3, 1, now);
    this.#devices = new RateLimit(10, 5, now);
    this.#failures = new RateLimit(60, 60, now);
  }

  /**
   * @param device of a browser that has signed in before
   * @returns 0 where the try may go on, else after how many seconds to try again
   */
  take(ip: string, device: string | undefined): number {
    if (device !== undefined) return this.#devices.take(device);
    const address = clientOf(ip);
    const seconds = this.#addresses.take(address);
    if (seconds > 0 || !this.#failures.isSpent('all')) return seconds;
    return this.#addressesUnderAttack.take(address);
  }

  /** Only wrong passwords count: many people may sign in from one address. */
  noteSuccess(ip: string): void {
    this.#addresses.giveBack(clientOf(ip));
    this.#addressesUnderAttack.giveBack(clientOf(ip));
  }

  noteFailure(): void {
    this.#failures.take('all');
  }
}

/** Whoever has one IPv6 address has its whole network of 2^64. */
export function clientOf(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip.replace('::ffff:', '');
  const [head = '', tail = ''] = ip.split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = ip.includes('::')
    ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
    : [];
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
