import { beforeEach, expect, it } from 'vitest';
import { clientOf, SignInThrottle } from '../../portal/src/auth/sign-in-throttle.ts';

let nowMs = 0;
let throttle: SignInThrottle;

beforeEach(() => {
  nowMs = 0;
  throttle = new SignInThrottle(() => nowMs);
});

/** @returns how many of the tries may go on */
function guess(tries: number, ip: string, device?: string): number {
  let taken = 0;
  for (let at = 0; at < tries; at += 1) {
    if (throttle.take(ip, device) > 0) continue;
    throttle.noteFailure();
    taken += 1;
  }
  return taken;
}

/** From addresses that were never seen. */
function attack(addresses: number): number {
  let taken = 0;
  for (let at = 0; at < addresses; at += 1) taken += guess(10, `198.51.${at >> 8}.${at & 255}`);
  return taken;
}

it('gives an address ten tries, and five a minute after that', () => {
  expect(guess(100, '203.0.113.7')).toBe(10);
  nowMs += 60_000;
  expect(guess(100, '203.0.113.7')).toBe(5);
});

it('never keeps an address out for what others do, however many they are', () => {
  attack(3000);
  expect(guess(1, '203.0.113.7')).toBe(1);
});

it('gives each address three tries, and one a minute after that, while somebody guesses from many', () => {
  attack(100);
  expect(guess(10, '203.0.113.7')).toBe(3);
  nowMs += 60_000;
  attack(100);
  expect(guess(10, '203.0.113.7')).toBe(1);
});

it('lets many addresses guess a third as often as without that', () => {
  // The first six spend what all have together; the others have three each.
  expect(attack(1000)).toBe(6 * 10 + 994 * 3);
});

it('gives ten tries again when the guesses are over', () => {
  attack(100);
  nowMs += 10 * 60_000;
  expect(guess(10, '203.0.113.7')).toBe(10);
});

it('counts no sign-in that succeeds: many people may be behind one address', () => {
  for (let person = 0; person < 100; person += 1) {
    expect(throttle.take('203.0.113.7', undefined)).toBe(0);
    throttle.noteSuccess('203.0.113.7');
  }
});

it('knows a browser that signed in before, whatever comes from its address', () => {
  guess(100, '203.0.113.7');
  attack(100);
  expect(guess(100, '203.0.113.7', 'device')).toBe(10);
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('takes %s for %s: whoever has one IPv6 address has its whole network', (ip, client) => {
  expect(clientOf(ip)).toBe(client);
});
