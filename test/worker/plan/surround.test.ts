import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import { audioStream, film, planRequest } from '../../helpers/media/media.ts';

const audioOf = (streams: Parameters<typeof audioStream>[0][], encoding = {}) =>
  makePlan(
    film({ audio: streams.map((stream, n) => audioStream({ index: n + 1, ...stream })) }),
    planRequest(encoding),
  ).audio;

describe('the tracks of a film with surround sound', () => {
  it('are there twice, in AAC and in AC-3: 5.1 and 7.1 as 5.1, the others as they are', () => {
    const audio = audioOf([
      { channels: 8, channelLayout: '7.1', language: 'en' },
      { channels: 2, channelLayout: 'stereo', language: 'de', role: 'commentary' },
      { channels: 1, channelLayout: 'mono', language: 'fr' },
    ]);
    expect(audio.map(({ name, codec, channels, bitrate }) => [name, codec, channels, bitrate])).toEqual([
      ['audio-0-en', undefined, 2, 128_000],
      ['audio-1-de', undefined, 2, 128_000],
      ['audio-2-fr', undefined, 1, 64_000],
      ['ac3-0-en', 'ac3', 6, 384_000],
      ['ac3-1-de', 'ac3', 2, 192_000],
      ['ac3-2-fr', 'ac3', 1, 96_000],
    ]);
    expect(audio.map(({ role }) => role)).toEqual([
      undefined,
      'commentary',
      undefined,
      undefined,
      'commentary',
      undefined,
    ]);
  });

  it.each([
    [6, 'pan=5.1(side)|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5'],
    [7, 'pan=6.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5|c6=c6'],
    [8, 'pan=7.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5|c6=c6|c7=c7'],
  ])('of %i channels in an unknown layout have them in the usual one', (channels, pan) => {
    expect(audioOf([{ channels, channelLayout: undefined }])[1]?.prepare).toEqual([pan]);
  });

  it('are there once where they have five channels or fewer, or no stream is made', () => {
    expect(audioOf([{ channels: 5, channelLayout: '5.0' }])).toHaveLength(1);
    expect(audioOf([{ channels: 6, channelLayout: '5.1' }], { stereoOnly: true })).toHaveLength(1);
  });

  describe('that are AC-3 of whole frames', () => {
    const wholeFrames = { bytes: 2560, description: '103e40' };
    const six = { codec: 'ac3', channels: 6, channelLayout: '5.1(side)', wholeFrames } as const;

    it('are copied, at the rate that they have', () => {
      expect(audioOf([six, { channels: 2 }]).slice(2)).toMatchObject([
        { name: 'ac3-0', copied: wholeFrames, bitrate: 640_000 },
        { name: 'ac3-1', bitrate: 192_000 },
      ]);
      expect(audioOf([six]).map(({ copied }) => copied !== undefined)).toEqual([false, true]);
      expect(audioOf([{ ...six, startSeconds: 0.01 }])[1]).toHaveProperty('copied');
      expect(audioOf([{ ...six, startSeconds: -3 }])[1]).toHaveProperty('copied');
    });

    it.each([
      ['the audio is made louder or softer', {}, { loudness: -16 }],
      ['the segments are MPEG-TS', {}, { segmentFormat: 'mpegts' }],
      ['silence is to come first', { startSeconds: 0.02 }, {}],
      ['the header does not show that they are whole', { wholeFrames: undefined }, {}],
    ])('are encoded where %s', (_, stream, encoding) => {
      const [, surround] = audioOf([{ ...six, ...stream }], encoding);
      expect(surround).toMatchObject({ codec: 'ac3', bitrate: 384_000 });
      expect(surround).not.toHaveProperty('copied');
    });
  });
});
