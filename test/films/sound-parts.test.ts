import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '../helpers/browser/browser.ts';
import { useFarm } from '../helpers/local-farm/use-farm.ts';
import { listen } from '../helpers/media/sound.ts';

const farm = useFarm();
const rate = 48_000;
const hertz = 441;
const seconds = 55;
/** Parts of the audio are ten times as long. */
const PART_SECONDS = '2';
const seams = [18, 36];

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

describe('a film of sound in three parts', () => {
  it.each(['fmp4', 'mpegts'] as const)(
    'goes on over its seams without a click (%s)',
    async (SEGMENT_FORMAT) => {
      const tone = `aevalsrc=0.4*sin(2*PI*${hertz}*t)|0.4*sin(2*PI*${hertz}*t):s=${rate}:d=${seconds}`;
      const clip = await farm.make(`${SEGMENT_FORMAT}.m4a`, '-f', 'lavfi', '-i', tone, '-c:a', 'aac');
      const expected = { audioSeconds: [seconds], segments: 10 };
      const { published, film } = await farm.check(clip, expected, {
        environment: { SEGMENT_FORMAT, PART_SECONDS },
      });
      expect(published.files.filter((file) => file.includes('/parts/')).length).toBe(3);
      const [rendition] = film.audio;
      if (rendition === undefined) throw new Error('This film was to have sound.');
      const steps = rendition.packets
        .slice(1)
        .map((packet, n) => packet.seconds - (rendition.packets[n]?.seconds ?? 0));
      for (const step of steps) expect(step).toBeCloseTo(1024 / rate, 4);

      const sound = await listen(rendition);
      expect(sound.seconds).toBeCloseTo(seconds, 1);
      // Players of Chromium's engine take MPEG-TS only when a page has made MP4 of it.
      if (SEGMENT_FORMAT === 'mpegts') return;
      const samples = await decodeInChromium(await readFile(rendition.joinedPath));
      expect(samples.length / rate).toBeCloseTo(seconds, 1);
      const usual = roughness(samples, 20, 28);
      expect(usual).toBeLessThan(0.01);
      for (const seam of seams)
        expect(roughness(samples, seam - 0.1, seam + 0.1), `at ${seam} s`).toBeLessThan(2 * usual);
      // As a click would be heard: a few samples are left out.
      const cut = Float32Array.from([...samples.subarray(0, 18 * rate), ...samples.subarray(18 * rate + 20)]);
      expect(roughness(cut, 17.9, 18.1)).toBeGreaterThan(2 * usual);
    },
  );
});

async function decodeInChromium(film: Buffer): Promise<Float32Array> {
  const page = await browser.newPage();
  const decoded = await page.evaluate<string>(`(async () => {
    const data = Uint8Array.from(atob('${film.toString('base64')}'), (character) => character.charCodeAt(0));
    const sound = await new OfflineAudioContext(1, 1, ${rate}).decodeAudioData(data.buffer);
    const bytes = new Uint8Array(sound.getChannelData(0).buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192)
      text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  })()`);
  await page.close();
  return new Float32Array(Uint8Array.from(Buffer.from(decoded, 'base64')).buffer);
}

/** By how much a sample at most differs from what the two before it say of a pure tone. */
function roughness(samples: Float32Array, fromSeconds: number, toSeconds: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let most = 0;
  for (let n = Math.round(fromSeconds * rate); n < toSeconds * rate; n += 1) {
    const said = factor * (samples[n - 1] ?? 0) - (samples[n - 2] ?? 0);
    most = Math.max(most, Math.abs((samples[n] ?? 0) - said));
  }
  return most;
}
