import { describe, expect, it } from 'vitest';
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
      const cut = (PART_SECONDS: string) =>
        farm.check(clip, expected, { environment: { SEGMENT_FORMAT, PART_SECONDS } });
      const parts = await cut('2');
      const whole = await cut('3600');
      const records = (files: string[] = []) => files.filter((file) => file.includes('/parts/')).length;
      expect([records(parts.published.files), records(whole.published.files)]).toEqual([5, 2]);
      for (const [index, rendition] of parts.film.video.entries()) {
        const other = whole.film.video[index];
        const times = (packets: typeof rendition.packets = []) =>
          packets.map(({ seconds }) => seconds.toFixed(4));
        expect(times(rendition.packets)).toEqual(times(other?.packets));
        expect(rendition.idrSeconds).toEqual(other?.idrSeconds);
        expect(rendition.looks).toEqual(other?.looks);
      }
      const bytes = parts.published.film.bytes / whole.published.film.bytes;
      expect(bytes).toBeGreaterThan(0.95);
      expect(bytes).toBeLessThan(1.05);
    },
  );
});
