import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAudio } from '../../../worker/src/plan/audio.ts';
import { anyText } from '../../helpers/any-text.ts';
import { audioStream, readMedia } from '../../helpers/media/media.ts';

const plan = (...audio: ReturnType<typeof audioStream>[]) => planAudio({ audio }, 0);

describe('planAudio', () => {
  it('makes stereo AAC of stereo', () => {
    expect(plan(audioStream())).toEqual({
      audio: [
        {
          streamIndexes: [1],
          durationSeconds: 600,
          name: 'audio-0',
          label: 'Track 1',
          language: undefined,
          default: true,
          channels: 2,
          prepare: [],
          sampleRate: 48000,
          bitrate: 128_000,
        },
      ],
      warnings: [],
    });
  });

  it('makes every sound a rendition named by number and language, with one default', () => {
    expect(planAudio(readMedia('languages.mp4'), 0).audio).toMatchObject([
      { streamIndexes: [1], name: 'audio-0-en', label: 'English', language: 'en', default: false },
      { streamIndexes: [2], name: 'audio-1-de', label: 'German', language: 'de', default: true },
      { streamIndexes: [3], name: 'audio-2-de', label: 'German 2', language: 'de', default: false },
    ]);
  });

  it('takes the first sound for the default when the film names none', () => {
    const silent = audioStream({ default: false });
    expect(plan(silent, { ...silent, index: 2 }).audio.map((track) => track.default)).toEqual([true, false]);
  });

  it('spaces the frames of AAC in MPEG-TS by their own rate, where ffmpeg spaces them by the first', () => {
    const prepared = (codec: string, format: string) =>
      planAudio({ audio: [audioStream({ codec, sampleRate: 44100 })], format }, 0).audio[0]?.prepare;
    expect(prepared('aac', 'mpegts')).toEqual([
      "asetpts='if(eq(SR,44100)+isnan(PREV_INT)+gt(abs(T-PREV_INT-S/44100),0.002),PTS,(PREV_OUTT+S/SR)/TB)'",
    ]);
    expect(prepared('mp2', 'mpegts')).toEqual([]);
    expect(prepared('aac', 'mov,mp4,m4a,3gp,3g2,mj2')).toEqual([]);
  });

  it('keeps the roles of commentaries and descriptions, and plays neither by default', () => {
    const description = audioStream({ index: 1, role: 'description', language: 'en' });
    const ordinary = audioStream({ index: 2, default: false, language: 'en' });
    const commentary = audioStream({ index: 3, role: 'commentary', default: false });
    expect(plan(description, ordinary, commentary).audio).toMatchObject([
      { role: 'description', label: 'English (audio description)', default: false },
      { label: 'English', default: true },
      { role: 'commentary', label: 'Commentary', default: false },
    ]);
    expect(plan(description).audio).toMatchObject([{ role: 'description', default: true }]);
  });

  it('plays the original version by default where the film marks no default', () => {
    const dubbed = audioStream({ index: 1, version: 'dubbed', default: false, language: 'en' });
    const original = audioStream({ index: 2, version: 'original', default: false, language: 'ja' });
    expect(plan(dubbed, original).audio).toMatchObject([
      { version: 'dubbed', default: false },
      { version: 'original', default: true },
    ]);
    expect(plan({ ...dubbed, default: true }, original).audio).toMatchObject([
      { default: true },
      { default: false },
    ]);
  });

  it('makes stereo of left and right that are two mono streams of PCM', () => {
    const mono = { codec: 'pcm_s24le', channels: 1, channelLayout: 'mono' };
    const { audio, warnings } = plan(...[1, 2, 3].map((index) => audioStream({ ...mono, index })));
    expect(audio).toMatchObject([
      { streamIndexes: [1, 2], channels: 2, join: 'join=inputs=2:channel_layout=stereo', default: true },
      { streamIndexes: [3], channels: 1, default: false },
    ]);
    expect(warnings).toEqual(['audio streams 1 and 2 were joined: left and right of one track']);
  });

  it('makes stereo of an immersive mix with all of its channels but the low frequencies', () => {
    const substreams = [2, 2, 1, 1].map((channels, n) => ({ index: n + 1, channels }));
    const { audio, warnings } = plan(audioStream({ codec: 'opus', substreams }));
    expect(audio).toMatchObject([
      {
        streamIndexes: [1, 2, 3, 4],
        channels: 2,
        join: 'amerge=inputs=4',
        prepare: ['pan=stereo|c0<c0+0.707c2+0.707c4|c1<c1+0.707c3+0.707c4'],
      },
    ]);
    expect(warnings).toEqual([
      'audio streams 1, 2, 3, 4 are one immersive mix (IAMF) and were mixed to stereo',
    ]);
  });

  it.each([
    ['another language', { language: 'de' }],
    ['another length', { durationSeconds: 300 }],
    ['another role', { role: 'commentary' as const }],
    ['another codec', { codec: 'aac' }],
  ])('does not join mono streams of %s', (_, changes) => {
    const mono = audioStream({ codec: 'pcm_s24le', channels: 1, channelLayout: 'mono', language: 'en' });
    expect(plan(mono, { ...mono, index: 2, ...changes }).audio).toHaveLength(2);
  });

  it.each([
    [48000, 48000],
    [44100, 44100],
    [22050, 44100],
    [88200, 44100],
    [96000, 48000],
    [8000, 48000],
  ])('resamples %d to %d', (sampleRate, expected) => {
    expect(plan(audioStream({ sampleRate })).audio[0]?.sampleRate).toBe(expected);
  });

  it.each([
    [1, 'mono', 1, []],
    [6, '5.1', 2, []],
    [1, undefined, 1, ['pan=mono|c0=c0']],
    [2, undefined, 2, ['pan=stereo|c0=c0|c1=c1']],
    [6, undefined, 2, ['pan=stereo|c0<c0+0.707c2+0.707c4|c1<c1+0.707c2+0.707c5']],
  ])('makes of %d channels in layout %s %d by %j', (channels, channelLayout, made, prepare) => {
    const { audio, warnings } = plan(audioStream({ channels, channelLayout }));
    expect(audio[0]).toMatchObject({ channels: made, prepare });
    expect(warnings).toEqual([]);
  });

  it('says so when it can only guess', () => {
    const { audio, warnings } = plan(audioStream({ channels: 12, channelLayout: undefined }));
    expect(audio[0]?.prepare).toEqual(['pan=stereo|c0=c0|c1=c1']);
    expect(warnings).toEqual([
      'audio stream 1 has 12 channels in an unknown layout: the first two were taken',
    ]);
  });

  it('keeps sixteen sounds and names those left out', () => {
    const many = Array.from({ length: 18 }, (_, n) => audioStream({ index: n + 1 }));
    const { audio, warnings } = plan(...many);
    expect(audio).toHaveLength(16);
    expect(warnings).toEqual([
      'audio stream 17 was left out: 16 audio tracks are the most',
      'audio stream 18 was left out: 16 audio tracks are the most',
    ]);
  });

  it('has labels that are different and fit into a quoted string, whatever titles the film has', () => {
    const title = fc.oneof(anyText(), fc.constantFrom('"', '\n', 'English', 'English 2', ' a  b '));
    const stream = fc.record({ title, language: fc.constantFrom('en', 'de', undefined) });
    fc.assert(
      fc.property(fc.array(stream, { maxLength: 8 }), (streams) => {
        const { audio } = plan(...streams.map((changes, n) => audioStream({ ...changes, index: n })));
        const labels = audio.map(({ label }) => label);
        expect(new Set(labels).size).toBe(labels.length);
        for (const label of labels) expect(label).toMatch(/^[^"\p{C}]+$/u);
        for (const { name } of audio) expect(name).toMatch(/^audio-\d+(-[A-Za-z0-9-]+)?$/);
      }),
    );
  });
});
