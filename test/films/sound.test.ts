import { describe, expect, it } from 'vitest';
import { pattern } from '../helpers/pattern.ts';
import { listen } from '../helpers/sound.ts';
import { tone, useFarm, x264 } from '../helpers/use-farm.ts';

const farm = useFarm();
const size: [number, number] = [640, 360];
const aac = ['-c:a', 'aac', '-b:a', '96k'];

async function toneOf(film: Awaited<ReturnType<typeof farm.check>>['film'], track = 0) {
  const rendition = film.audio[track];
  if (!rendition) throw new Error(`There is no audio rendition ${track}.`);
  return listen(rendition);
}

describe('a film without a picture', () => {
  it.each([
    ['m4a', aac],
    ['mp3', ['-c:a', 'libmp3lame']],
    ['flac', []],
    ['mkv', ['-c:a', 'libopus']],
  ])('becomes a film of sound alone (%s)', async (format, codec) => {
    const clip = await farm.make(`sound.${format}`, ...tone(3), ...codec);
    const { film, published } = await farm.check(clip, { audioSeconds: [3] });
    const sound = await toneOf(film);
    expect(sound.hertz(0.5, 2.5)).toBeCloseTo(440, -1);
    expect(published.film).toMatchObject({ encoder: 'aac', renditions: [{ kind: 'audio', segments: 2 }] });
    expect(published.film.poster).toBeUndefined();
  });

  it('is not given one by its cover', async () => {
    const cover = await farm.make('cover.png', '-f', 'lavfi', '-i', 'color=red:s=300x300', '-frames:v', '1');
    const clip = await farm.make(
      'cover.m4a',
      ...[...tone(3), '-i', cover, '-map', '0', '-map', '1', ...aac],
      ...['-c:v', 'png', '-disposition:v:0', 'attached_pic'],
    );
    await farm.check(clip, { audioSeconds: [3] });
  });

  it('has one variant and its other tracks beside it', async () => {
    const clip = await farm.make('tracks.m4a', ...tone(3), ...tone(3, 880), '-map', '0', '-map', '1', ...aac);
    const { film } = await farm.check(clip, { audioSeconds: [3, 3] });
    const heard = await Promise.all([toneOf(film, 0), toneOf(film, 1)]);
    expect(heard.map((sound) => Math.round(sound.hertz(0.5, 2.5) / 10) * 10).sort()).toEqual([440, 880]);
  });
});

describe('sound', () => {
  it('with a cover beside the picture', async () => {
    const cover = await farm.make('cover2.png', '-f', 'lavfi', '-i', 'color=red:s=300x300', '-frames:v', '1');
    const clip = await farm.make(
      'cover.mp4',
      ...['-i', cover, ...pattern({ seconds: 4 }), ...tone(4), '-map', '0', '-map', '1', '-map', '2'],
      ...['-c:v:0', 'png', '-c:v:1', 'libx264', '-preset', 'ultrafast', '-pix_fmt:v:1', 'yuv420p', ...aac],
      ...['-disposition:v:0', 'attached_pic'],
    );
    await farm.check(clip, { size, frames: 100, audioSeconds: [4] });
  });

  it('in six channels of unknown layout is mixed to two', async () => {
    const channels = Array.from({ length: 6 }, (_, n) => `c${n}=${n === 2 ? 'c0' : '0*c0'}`).join('|');
    const clip = await farm.make(
      'unknown.mkv',
      ...[...pattern({ seconds: 4 }), ...tone(4), '-af', `pan=6c|${channels}`, ...x264, '-c:a', 'pcm_s16le'],
    );
    const { film } = await farm.check(clip, { size, frames: 100, audioSeconds: [4] });
    expect(film.audio[0]?.stream.channels).toBe(2);
    // Only the centre speaks, and it is heard.
    const sound = await toneOf(film);
    expect(sound.peak(1, 3)).toBeGreaterThan(0.02);
    expect(sound.hertz(1, 3)).toBeCloseTo(440, -1);
  });

  it('in 5.1 is mixed to two channels', async () => {
    const clip = await farm.make(
      'surround.mkv',
      ...[
        ...pattern({ seconds: 4 }),
        ...tone(4),
        '-af',
        'aformat=channel_layouts=5.1',
        ...x264,
        '-c:a',
        'ac3',
      ],
    );
    const { film } = await farm.check(clip, { size, frames: 100, audioSeconds: [4] });
    expect(film.audio[0]?.stream.channels).toBe(2);
    expect((await toneOf(film)).peak(1, 3)).toBeGreaterThan(0.02);
  });

  it('in several languages is several renditions', async () => {
    const clip = await farm.make(
      'languages.mp4',
      ...[...pattern({ seconds: 4 }), ...tone(4), ...tone(4, 880), ...tone(4, 1320)],
      ...['-map', '0', '-map', '1', '-map', '2', '-map', '3', ...x264, ...aac],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
      ...['-disposition:a:0', '0', '-disposition:a:1', 'default'],
    );
    const { film } = await farm.check(clip, { size, frames: 100, audioSeconds: [4, 4, 4] });
    const tracks = film.master.variants[0]?.audio.map(({ language, isDefault, name }) => [
      language,
      isDefault,
      name,
    ]);
    expect(tracks).toEqual([
      ['en', false, 'English'],
      ['de', true, 'German'],
      [undefined, false, 'Track 3'],
    ]);
    const heard = await Promise.all([0, 1, 2].map((track) => toneOf(film, track)));
    expect(heard.map((sound) => Math.round(sound.hertz(1, 3) / 10) * 10)).toEqual([440, 880, 1320]);
  });

  it.each([
    ['longer', 4, 7],
    ['shorter', 6, 3],
  ])('that is %s than the picture keeps its length', async (name, picture, sound) => {
    const clip = await farm.make(
      `${name}.mp4`,
      ...pattern({ seconds: picture }),
      ...tone(sound),
      ...x264,
      ...aac,
    );
    await farm.check(clip, { size, frames: picture * 25, audioSeconds: [sound] });
  });

  it('that starts after the picture begins with silence', async () => {
    const clip = await farm.make(
      'late.mp4',
      ...[...pattern({ seconds: 5 }), '-itsoffset', '1.5', ...tone(3), ...x264, ...aac],
    );
    const { film } = await farm.check(clip, { size, frames: 125, audioSeconds: [4.5] });
    const sound = await toneOf(film);
    expect(sound.peak(0, 1.4)).toBeLessThan(0.01);
    expect(sound.onsetAfter(0)).toBeCloseTo(1.5, 1);
  });

  it('with a gap in it stays in step behind the gap', async () => {
    const clip = await farm.make(
      'gap.mkv',
      ...[...pattern(), ...tone(6), '-af', `aselect='lt(t,2)+gt(t,3)'`, ...x264, '-c:a', 'pcm_s16le'],
    );
    const { film } = await farm.check(clip, { size, frames: 150, audioSeconds: [6] });
    const sound = await toneOf(film);
    expect(sound.peak(2.1, 2.9)).toBeLessThan(0.02);
    expect(sound.onsetAfter(2.2)).toBeCloseTo(3, 1);
  });
});

describe('picture and sound', () => {
  const flashes = [1, 5];
  const flashing = pattern({
    filter: `drawbox=c=white:t=fill:enable='${flashes.map((t) => `eq(n,${t * 25})`).join('+')}'`,
  });
  const beeps = flashes.map((t) => `between(t,${t},${t + 0.04})`).join('+');
  const beeping = ['-f', 'lavfi', '-i', `aevalsrc='0.8*sin(2*PI*1000*t)*(${beeps})':s=48000:d=6`];
  const mpegts = { environment: { SEGMENT_FORMAT: 'mpegts' } } as const;

  it.each([
    ['mp4', 'plain.mp4', [], undefined],
    ['mp4 to MPEG-TS', 'plain-ts.mp4', [], mpegts],
    ['Matroska that starts at 10 s', 'ten.mkv', ['-output_ts_offset', '10'], undefined],
    ['MPEG-TS that starts at 10 s', 'ten.ts', ['-output_ts_offset', '10'], undefined],
  ] as const)('are in step from the start to the end: %s', async (_, name, options, settings) => {
    const clip = await farm.make(name, ...flashing, ...beeping, ...x264, ...aac, ...options);
    const { film } = await farm.check(
      clip,
      { size, frames: 150, audioSeconds: [6], showsPattern: false },
      settings,
    );
    const sound = await toneOf(film);
    for (const { looks, packets } of film.video) {
      const shown = looks.flatMap(({ corners }, n) =>
        corners.topLeft === 'white' ? [packets[n]?.seconds ?? -1] : [],
      );
      expect(shown.map(Math.round)).toEqual(flashes);
      for (const seconds of shown)
        expect(Math.abs((sound.onsetAfter(seconds - 0.4) ?? -1) - seconds), `at ${seconds} s`).toBeLessThan(
          0.04,
        );
    }
  });
});
