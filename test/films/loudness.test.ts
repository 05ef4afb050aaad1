import { describe, expect, it } from 'vitest';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import type { ReadRendition } from '../helpers/media/read-film.ts';

const farm = useFarm();
const seconds = 16;
/** Parts of the audio are ten times as long, and of two tracks five times. */
const PART_SECONDS = '2';

/** Soft at first and loud later, so that no part is as loud as the whole. */
const chord = (hertz: number, soft: number, loud: number) => [
  ...['-f', 'lavfi', '-i'],
  `aevalsrc='if(lt(t,9),${soft},${loud})*(sin(2*PI*${hertz}*t)+0.6*sin(2*PI*${5 * hertz}*t)*sin(3*t))':s=48000:d=${seconds}`,
];

/** As ffmpeg's EBU R 128 meter has it. */
async function measure({
  joinedPath,
}: Pick<ReadRendition, 'joinedPath'>): Promise<{ lufs: number; peak: number }> {
  const meter = 'ebur128=peak=true:metadata=1,ametadata=print:file=-';
  const text = (await ffmpeg('-i', joinedPath, '-af', meter, '-f', 'null', '-')).toString();
  const last = (name: string) =>
    Number([...text.matchAll(new RegExp(`r128.${name}=(\\S+)`, 'g'))].at(-1)?.[1]);
  return { lufs: last('I'), peak: 20 * Math.log10(last('true_peak')) };
}

describe('the loudness of a film', () => {
  it.each(['fmp4', 'mpegts'] as const)(
    'is what was asked for, the same gain in all parts of a track (%s)',
    async (SEGMENT_FORMAT) => {
      const clip = await farm.make(
        `two-tracks-${SEGMENT_FORMAT}.m4a`,
        ...[...chord(220, 0.02, 0.2), ...chord(440, 0.2, 0.4)],
        ...['-map', '0', '-map', '1', '-c:a', 'aac', '-b:a', '192k'],
      );
      const { film, published } = await farm.check(
        clip,
        { audioSeconds: [seconds, seconds] },
        { environment: { SEGMENT_FORMAT, PART_SECONDS, LOUDNESS: '-23' } },
      );
      expect(published.files.filter((file) => /\/parts\/\d+\.json$/.test(file)).length).toBe(2 + 1);
      expect(published.warnings).toEqual([]);
      for (const rendition of film.audio) {
        const { lufs, peak } = await measure(rendition);
        expect(lufs).toBeCloseTo(-23, 0);
        expect(Math.abs(lufs + 23), rendition.name).toBeLessThan(0.5);
        const reported = published.film.renditions.find(({ name }) => name === rendition.name)?.loudness;
        expect(Math.abs((reported?.integratedLufs ?? 0) - lufs)).toBeLessThan(0.2);
        expect(Math.abs((reported?.truePeakDbtp ?? 0) - peak)).toBeLessThan(1.5);
      }
    },
  );

  it('is reported and left as it is where nothing was asked for, or the job turns it off', async () => {
    const clip = await farm.make('as-it-is.m4a', ...chord(330, 0.1, 0.3), '-c:a', 'aac', '-b:a', '192k');
    const source = await measure({ joinedPath: clip });
    const { film, published } = await farm.check(
      clip,
      { audioSeconds: [seconds] },
      { environment: { PART_SECONDS, LOUDNESS: '-14' }, job: { loudness: 'off' } },
    );
    const [rendition] = film.audio;
    const { lufs } = await measure(rendition as ReadRendition);
    expect(Math.abs(lufs - source.lufs)).toBeLessThan(0.2);
    const reported = published.film.renditions[0]?.loudness;
    expect(Math.abs((reported?.integratedLufs ?? 0) - lufs)).toBeLessThan(0.2);
  });

  it('is that of joined clips together', async () => {
    const soft = await farm.make('soft.m4a', ...chord(220, 0.02, 0.02), '-c:a', 'aac');
    const loud = await farm.make('loud.m4a', ...chord(220, 0.3, 0.3), '-c:a', 'aac');
    const clips = [
      { path: soft, to: 3 },
      { path: loud, to: 4 },
    ];
    const { film } = await farm.check(clips, { audioSeconds: [7] }, { job: { loudness: -23 } });
    const { lufs } = await measure(film.audio[0] as ReadRendition);
    expect(Math.abs(lufs + 23)).toBeLessThan(0.5);
  });

  it('does not exceed what the peaks of the film allow, and a warning says so', async () => {
    const clicks = "aevalsrc='0.01*sin(2*PI*440*t)+0.85*lt(mod(t\\,1)\\,0.001)*sin(2*PI*1000*t)':s=48000:d=6";
    const clip = await farm.make(
      'clicks.mp4',
      ...[...pattern({ seconds: 6 }), '-f', 'lavfi', '-i', clicks, ...x264, '-c:a', 'aac', '-b:a', '256k'],
    );
    const { film, published } = await farm.check(
      clip,
      { size: [320, 180], frames: 150, audioSeconds: [6] },
      { job: { loudness: -16 } },
    );
    const { peak } = await measure(film.audio[0] as ReadRendition);
    expect(peak).toBeLessThan(0.5);
    expect(published.warnings).toEqual([
      expect.stringMatching(
        /^the audio "Track 1" has -\d\d\.\d LUFS and not the -16 that were asked for: its peaks/,
      ),
    ]);
  });

  it('is not known of silence, which stays silent', async () => {
    const clip = await farm.make('silence.m4a', ...tone(3), '-af', 'volume=0', '-c:a', 'aac');
    const { published } = await farm.check(clip, { audioSeconds: [3] }, { job: { loudness: -16 } });
    expect(published.film.renditions[0]?.loudness).toEqual({ truePeakDbtp: -120 });
    expect(published.warnings).toEqual([]);
  });
});
