import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MusicMix } from '../../../worker/src/encode/music-mix.ts';

const sampleRate = 1000;
/** Samples of a block of 10 ms. */
const block = 10;

const lasting = (seconds: number, value: number) => Array<number>(seconds * sampleRate).fill(value);

/** The mix of one channel, given in pieces of these lengths, again and again. */
function mix(film: number[], music: number[], volumes: { volume: number; duck?: number }, pieces = [1000]) {
  const whole = new MusicMix(volumes, { channels: 1, sampleRate, samples: film.length });
  const mixed: number[] = [];
  for (let at = 0, turn = 0; at < film.length; turn += 1) {
    const end = at + (pieces[turn % pieces.length] ?? 1);
    const [some, under] = [film.slice(at, end), music.slice(at, end)];
    for (const made of whole.add(new Float32Array(some), new Float32Array(under))) mixed.push(...made);
    at = end;
  }
  for (const made of whole.end()) mixed.push(...made);
  return mixed;
}

describe('the mix of a film and its music', () => {
  it('is as long as the film and the same, whatever pieces it is made of', () => {
    const film = Array.from({ length: 3337 }, (_, n) => (n % 1200 < 300 ? Math.sin(n) : 0));
    const music = Array.from({ length: 3337 }, (_, n) => 0.9 * Math.cos(n / 3));
    const whole = mix(film, music, { volume: 0.8, duck: 0.2 });
    expect(whole).toHaveLength(3337);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }), (pieces) => {
        expect(mix(film, music, { volume: 0.8, duck: 0.2 }, pieces)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('has the music low when the film begins to be heard, and back at its volume 1.5 s after it was', () => {
    const film = [...lasting(2, 0), ...lasting(1, 0.1), ...lasting(9, 0)];
    const mixed = mix(film, lasting(12, 0.5), { volume: 1, duck: 0.2 });
    const gainAt = (seconds: number) => {
      const at = Math.round(seconds * sampleRate);
      return ((mixed[at] ?? 0) - (film[at] ?? 0)) / 0.5;
    };
    expect(gainAt(1.7)).toBeCloseTo(1, 2);
    expect(gainAt(1.9)).toBeCloseTo(0.6, 1);
    for (const seconds of [2.01, 2.5, 2.99, 3.4]) expect(gainAt(seconds)).toBeCloseTo(0.2, 2);
    expect(gainAt(4)).toBeCloseTo(0.6, 1);
    expect(gainAt(4.6)).toBeCloseTo(1, 2);
    expect(gainAt(11)).toBeCloseTo(0.5, 2);
    expect(gainAt(11.99)).toBeLessThan(0.01);
  });

  it('leaves a film alone whose music has no volume, and music under silence', () => {
    const film = Array.from({ length: 4000 }, (_, n) => Math.fround(0.8 * Math.sin(n)));
    expect(mix(film, lasting(4, 0.5), { volume: 0 })).toEqual(film);
    expect(mix(lasting(4, 0), lasting(4, 0.5), { volume: 0.5, duck: 0 }).slice(0, 3000)).toEqual(
      lasting(3, 0.25),
    );
  });

  it('is nowhere over -1 dBFS, and goes down and up without a jump', () => {
    const film = [...lasting(1, 0.5), ...lasting(0.5, 0.9), ...lasting(1.5, 0.5)];
    const mixed = mix(film, lasting(3, 0.4), { volume: 1 });
    for (const sample of mixed) expect(Math.abs(sample)).toBeLessThan(10 ** (-1 / 20) + 1e-6);
    // The film itself has a step, at which the gain has its new value already.
    const gains = mixed.map((sample, n) => sample / ((film[n] ?? 0) + 0.4)).slice(0, 2500);
    for (const [n, gain] of gains.entries())
      expect(Math.abs(gain - (gains[n - 1] ?? gain))).toBeLessThan(0.4 / block);
    expect(gains[1450]).toBeCloseTo(10 ** (-1 / 20) / 1.3, 4);
    expect(gains[500]).toBeCloseTo(10 ** (-1 / 20) / 0.9, 2);
  });
});
