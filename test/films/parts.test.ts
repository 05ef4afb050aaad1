import { describe, expect, it } from 'vitest';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import { tone, useFarm } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';

const farm = useFarm();

describe('a film in parts', () => {
  it.each(['fmp4', 'mpegts'] as const)(
    'is the film in one run, frame by frame (%s)',
    async (SEGMENT_FORMAT) => {
      const clip = await farm.make(
        `film-${SEGMENT_FORMAT}.mp4`,
        ...[
          ...pattern({ width: 640, height: 360, rate: '30000/1001', seconds: 8 }),
          ...tone(8),
          '-c:a',
          'aac',
          '-pix_fmt',
          'yuv420p',
        ],
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-x264-params', 'keyint=48:open-gop=1:bframes=3'],
      );
      const expected = {
        size: [640, 360] as [number, number],
        rate: [30000, 1001] as [number, number],
        frames: 240,
        audioSeconds: [8],
        segments: 4,
      };
      const cut = (PART_SECONDS: string, job: JobOptions = {}) =>
        farm.check(clip, expected, { environment: { SEGMENT_FORMAT, PART_SECONDS }, job });
      const parts = await cut('2');
      const whole = await cut('3600');
      const early = await cut('3600', { early: true });
      const records = (files: string[] = []) => files.filter((file) => file.includes('/parts/')).length;
      expect([parts, whole, early].map(({ published }) => records(published.files))).toEqual([5, 2, 3]);
      for (const { film } of [parts, early]) {
        for (const [index, rendition] of film.video.entries()) {
          const other = whole.film.video[index];
          const times = (packets: typeof rendition.packets = []) =>
            packets.map(({ seconds, segment }) => [seconds.toFixed(4), segment]);
          expect(times(rendition.packets)).toEqual(times(other?.packets));
          expect(rendition.idrSeconds).toEqual(other?.idrSeconds);
          expect(rendition.looks).toEqual(other?.looks);
        }
      }
      const bytes = parts.published.film.bytes / whole.published.film.bytes;
      expect(bytes).toBeGreaterThan(0.95);
      expect(bytes).toBeLessThan(1.05);
    },
  );
});
