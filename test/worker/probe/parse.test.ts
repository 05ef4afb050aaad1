import { describe, expect, it } from 'vitest';
import type { Media, VideoStream } from '../../../worker/src/probe/media.ts';
import { bitDepth, parseProbe } from '../../../worker/src/probe/parse.ts';
import { readMedia, readProbe } from '../../helpers/media/media.ts';

const pictures: [clip: string, expected: Partial<VideoStream>][] = [
  [
    'plain.mp4',
    {
      index: 0,
      codec: 'h264',
      profile: 'Constrained Baseline',
      pixelFormat: 'yuv420p',
      bitDepth: 8,
      width: 320,
      height: 180,
      pixelAspect: { num: 1, den: 1 },
      rotation: 0,
      frameRate: { num: 25, den: 1 },
      variableFrameRate: false,
      roundedTimestamps: false,
      interlaced: false,
      hdr: undefined,
      startSeconds: 0,
      durationSeconds: 2,
    },
  ],
  ['turned-90.mp4', { rotation: 90, width: 320, height: 180 }],
  ['turned-180.mp4', { rotation: 180 }],
  ['turned-270.mp4', { rotation: 270 }],
  ['anamorphic.mp4', { pixelAspect: { num: 4, den: 3 }, width: 320, height: 180 }],
  ['variable-rate.mp4', { variableFrameRate: true, frameRate: { num: 25, den: 1 } }],
  // Matroska's header says 25 in both places; only the packets show that it isn't so.
  ['variable-rate.mkv', { variableFrameRate: true, frameRate: { num: 25, den: 1 } }],
  [
    'rounded-times.mkv',
    { variableFrameRate: false, roundedTimestamps: true, frameRate: { num: 30000, den: 1001 } },
  ],
  ['119.88-fps.mp4', { variableFrameRate: false, frameRate: { num: 120000, den: 1001 } }],
  ['ten-bit.mp4', { pixelFormat: 'yuv420p10le', bitDepth: 10, hdr: undefined }],
  ['422.mp4', { pixelFormat: 'yuv422p', bitDepth: 8 }],
  ['hdr-smpte2084.mp4', { hdr: 'pq', bitDepth: 10, colorPrimaries: 'bt2020', colorSpace: 'bt2020nc' }],
  ['hdr-arib-std-b67.mp4', { hdr: 'hlg', colorTransfer: 'arib-std-b67' }],
  ['interlaced.mp4', { interlaced: true, frameRate: { num: 25, den: 1 } }],
  ['odd-size.mp4', { width: 321, height: 181, pixelFormat: 'yuv444p' }],
  ['edit-list.mp4', { startSeconds: 0, durationSeconds: 1.3, variableFrameRate: false }],
  ['starts-at-10.ts', { startSeconds: 11.4, durationSeconds: 2, variableFrameRate: false }],
  ['starts-at-10.mkv', { startSeconds: 10, durationSeconds: 2 }],
  ['longer-sound.mkv', { startSeconds: 0.023, durationSeconds: 1 }],
  ['film-with-cover.mp4', { index: 0, codec: 'h264' }],
  ['timecode.mov', { index: 0, codec: 'h264' }],
];

const films: [clip: string, expected: Partial<Media>][] = [
  [
    'plain.mp4',
    { format: 'mov,mp4,m4a,3gp,3g2,mj2', indexed: true, durationSeconds: 2, startSeconds: 0, streamCount: 2 },
  ],
  ['starts-at-10.mkv', { indexed: true, startSeconds: 9.979, durationSeconds: 2.021 }],
  ['starts-at-10.ts', { indexed: false, startSeconds: 11.378667, durationSeconds: 2.021333 }],
  ['longer-sound.mkv', { durationSeconds: 2.023 }],
  ['silent.mp4', { audio: [], durationSeconds: 2 }],
  ['sound-only.m4a', { video: undefined, durationSeconds: 2 }],
  ['sound-with-cover.m4a', { video: undefined, streamCount: 2, leftOut: [] }],
  ['film-with-cover.mp4', { streamCount: 3, leftOut: [] }],
  ['timecode.mov', { streamCount: 3, leftOut: [] }],
  ['encrypted.mp4', { encrypted: true }],
  ['no-duration.webm', { durationSeconds: 0 }],
];

describe('parseProbe', () => {
  it.each(pictures)('finds the picture of %s', (clip, expected) => {
    expect(readMedia(clip).video).toMatchObject(expected);
  });

  it.each(films)('finds the film of %s', (clip, expected) => {
    expect(readMedia(clip)).toMatchObject(expected);
  });

  it('finds every sound with its language and the default', () => {
    expect(readMedia('languages.mp4').audio).toMatchObject([
      { index: 1, language: 'en', default: false },
      { index: 2, language: 'de', default: true },
      { index: 3, language: 'de', default: false },
    ]);
  });

  it('leaves the layout open where ffmpeg knows only the number of channels', () => {
    expect(readMedia('six-channels-unknown.mkv').audio).toMatchObject([
      { channels: 6, channelLayout: undefined, sampleRate: 48000 },
    ]);
  });

  it('takes the ends that a scan found, and a film without length for one without index', () => {
    const media = parseProbe(readProbe('no-duration.webm'), 1, {
      ends: new Map([[0, 1.96]]),
      stretches: [],
    });
    expect(media).toMatchObject({ durationSeconds: 1.96, indexed: false });
  });

  it('leaves out the audio of the programmes whose video is not shown', () => {
    const video = { codec_type: 'video', codec_name: 'h264', pix_fmt: 'yuv420p', duration: '2' };
    const audio = {
      codec_type: 'audio',
      codec_name: 'aac',
      sample_fmt: 'fltp',
      channels: 2,
      sample_rate: '48000',
    };
    const media = parseProbe(
      {
        format: { format_name: 'mpegts' },
        streams: [
          { ...video, index: 0, width: 320, height: 180 },
          { ...audio, index: 1 },
          { ...video, index: 2, width: 640, height: 360 },
          { ...audio, index: 3 },
          { ...audio, index: 4 },
        ],
        programs: [{ streams: [{ index: 0 }, { index: 1 }] }, { streams: [{ index: 2 }, { index: 3 }] }],
      },
      1,
    );
    expect(media.audio.map(({ index }) => index)).toEqual([3, 4]);
    expect(media.leftOut).toContain(
      'audio stream 1 (aac) was left out: it belongs to another programme than the video',
    );
  });

  it.each([
    ['commentary', { disposition: { comment: 1 } }],
    ['commentary', { tags: { title: "Director's Commentary" } }],
    ['description', { disposition: { visual_impaired: 1 } }],
    ['description', { tags: { title: 'English - Audio Description' } }],
    ['clear-speech', { disposition: { hearing_impaired: 1 } }],
    [undefined, { tags: { title: 'Stereo' } }],
    ['original', { disposition: { original: 1 } }],
    ['dubbed', { disposition: { dub: 1 } }],
  ])('finds that audio is %s', (role, marks) => {
    const audio = {
      codec_type: 'audio',
      codec_name: 'aac',
      sample_fmt: 'fltp',
      channels: 2,
      sample_rate: '48000',
    };
    const media = parseProbe(
      { format: { format_name: 'mp4' }, streams: [{ ...audio, index: 0, ...marks }] },
      1,
    );
    const [stream] = media.audio;
    expect(stream?.role ?? stream?.version).toBe(role);
  });

  it.each([
    ['subtitles', {}],
    ['forced', { disposition: { forced: 1 } }],
    ['sdh', { disposition: { hearing_impaired: 1 } }],
    ['sdh', { tags: { title: 'English (SDH)' } }],
    ['forced', { tags: { title: 'Forced' } }],
  ])('finds that subtitles are of the kind "%s"', (kind, marks) => {
    const streams = [{ index: 3, codec_type: 'subtitle', codec_name: 'subrip', ...marks }];
    const { text } = parseProbe({ format: { format_name: 'matroska,webm' }, streams }, 1);
    expect(text).toMatchObject([{ index: 3, codec: 'subrip', kind }]);
  });

  it('warns of chapters, and of subtitles that are pictures, which are left out', () => {
    const streams = [{ index: 0, codec_type: 'subtitle', codec_name: 'hdmv_pgs_subtitle' }];
    const format = { format_name: 'matroska,webm' };
    expect(parseProbe({ format, streams, chapters: [{}, {}] }, 1).leftOut).toEqual([
      'subtitle stream 0 (hdmv_pgs_subtitle) was left out: PGS subtitles are pictures, and only text is published; add them as text, such as film.en.srt',
      '2 chapter marks were left out: chapters are not published',
    ]);
  });

  it('prefers the default picture, then the largest', () => {
    const stream = { codec_type: 'video', codec_name: 'h264', pix_fmt: 'yuv420p', duration: '2' };
    const small = { ...stream, index: 0, width: 320, height: 180 };
    const large = { ...stream, index: 1, width: 640, height: 360 };
    const format = { format_name: 'matroska,webm' };
    expect(parseProbe({ format, streams: [small, large] }, 1).video?.index).toBe(1);
    const marked = { ...small, disposition: { default: 1 } };
    const media = parseProbe({ format, streams: [marked, large] }, 1);
    expect(media.video?.index).toBe(0);
    expect(media.leftOut).toEqual(['video stream 1 (h264) was left out: one picture makes a film']);
  });

  it('leaves out sound that cannot be decoded, and says so', () => {
    const streams = [
      { index: 0, codec_type: 'audio', codec_name: 'ac4', channels: 6 },
      {
        index: 1,
        codec_type: 'audio',
        codec_name: 'aac',
        sample_fmt: 'fltp',
        channels: 2,
        sample_rate: '48000',
      },
    ];
    const media = parseProbe({ format: { format_name: 'mov', duration: '3' }, streams }, 1);
    expect(media.audio.map(({ index }) => index)).toEqual([1]);
    expect(media.leftOut).toEqual(["audio stream 0 (ac4) can't be decoded"]);
  });

  it.each([
    ['-90 from the matrix', { side_data_list: [{ rotation: -90 }] }, 90],
    ['90 from the matrix', { side_data_list: [{ rotation: 90 }] }, 270],
    ['-180 from the matrix', { side_data_list: [{ rotation: -180 }] }, 180],
    ['-89.6, which ffmpeg takes for a quarter turn', { side_data_list: [{ rotation: -89.6 }] }, 90],
    ['45, which is no quarter turn', { side_data_list: [{ rotation: 45 }] }, 0],
    ['90 from the older tag', { tags: { rotate: '90' } }, 90],
    ['both: the matrix counts', { side_data_list: [{ rotation: -90 }], tags: { rotate: '180' } }, 90],
  ])('turns the picture clockwise by %s', (_, hint, rotation) => {
    const stream = { index: 0, codec_type: 'video', codec_name: 'h264', pix_fmt: 'yuv420p', ...hint };
    const media = parseProbe({ format: { format_name: 'mov' }, streams: [stream] }, 1);
    expect(media.video?.rotation).toBe(rotation);
  });

  it.each([
    ['yuv420p', 8],
    ['yuvj422p', 8],
    ['nv12', 8],
    ['yuv420p10le', 10],
    ['yuv444p12be', 12],
    ['gbrp10le', 10],
    ['gbrap16le', 16],
    ['gray16le', 16],
    ['p010le', 10],
    ['p216le', 16],
    ['rgb48be', 16],
    ['rgb24', 8],
    ['yuva444p9le', 9],
  ])('knows the depth of %s', (pixelFormat, depth) => {
    expect(bitDepth(pixelFormat)).toBe(depth);
  });
});
