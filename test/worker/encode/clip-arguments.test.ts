import { describe, expect, it } from 'vitest';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
import { clipAudio } from '../../../worker/src/encode/clip-audio.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { joinClips } from '../../../worker/src/plan/join.ts';
import type { AudioPart, Plan, VideoEncoder, VideoPart } from '../../../worker/src/plan/plan.ts';
import { audioStream, film, planRequest, videoStream } from '../../helpers/media/media.ts';

/** A film of 25 frames a second, a silent portrait one without an index, and the first one once more. */
function joined(encoder: VideoEncoder = { name: 'x264', preset: 'veryfast' }): Plan {
  const first = film({ audio: [audioStream()] });
  const second = film({
    video: videoStream({ width: 1080, height: 1920 }),
    audio: [],
    format: 'avi',
    indexed: false,
  });
  const clips = [
    { source: 0, name: 'a.mp4', media: first, from: 0.5, to: 4 },
    { source: 1, name: 'b.avi', media: second, from: 8, to: 10 },
    { source: 0, name: 'a.mp4', media: first, from: 100, to: 108 },
  ];
  return joinClips(clips, planRequest({ ladder: [{ rung: '1080p' }] }, { encoder }));
}

function video(plan: Plan, part: number) {
  if (plan.video === undefined) throw new TypeError('The film has no picture.');
  return videoArguments(plan, plan.video, plan.parts[part] as VideoPart, 1000);
}

describe('a part of a clip', () => {
  it('is read from its own source, from where the container can be read', () => {
    const plan = joined();
    const seek = (at: string) => ['-seek_timestamp', '1', '-ss', at, '-noaccurate_seek'];
    const still = ['-reinit_filter', '0'];
    expect([0, 1, 2].map((part) => video(plan, part))).toMatchObject([
      { source: 0, inputArgs: [...still, ...seek('0.5'), '-copyts', '-itsoffset', '-0.499999'] },
      // Without an index: from its beginning.
      { source: 1, inputArgs: [...still, '-copyts', '-itsoffset', '-7.999999'] },
      { source: 0, inputArgs: [...still, ...seek('100'), '-copyts', '-itsoffset', '-99.999999'] },
    ]);
  });

  it('comes into the picture on the CPU, also where the GPU scales and encodes', () => {
    const fitted =
      'settb=1/25,trim=start=0:end=2,scale=w=608:h=1080:flags=bicubic:out_range=tv,format=yuv420p,' +
      'pad=w=1920:h=1080:x=656:y=0:color=black,setsar=1,';
    const graphOf = (plan: Plan) => video(plan, 1).outputArgs[1];
    expect(graphOf(joined())).toContain(`${fitted}setparams=`);
    expect(graphOf(joined({ name: 'nvenc', preset: 'p5' }))).toContain(
      `${fitted}hwupload_cuda,scale_cuda=w=1920:h=1080:`,
    );
  });
});

describe('the audio of clips', () => {
  it('is made by a run for each clip that is heard, from a second before it, to the sample', () => {
    const clips = clipAudio(joined(), 0);
    // 3.5 s of the first are 87.5 frames of the film: 88.
    expect(clips.map(({ samples }) => samples)).toEqual([3.52 * 48_000, 2 * 48_000, 8 * 48_000]);
    expect(clips.map(({ run }) => run?.source)).toEqual([0, undefined, 0]);
    expect(clips.map(({ run }) => run?.inputArgs)).toEqual([
      ['-vn', '-copyts', '-itsoffset', '-0.499999'],
      undefined,
      [
        ...['-vn', '-seek_timestamp', '1', '-ss', '99', '-noaccurate_seek'],
        ...['-copyts', '-itsoffset', '-99.999999'],
      ],
    ]);
    expect(clips[0]?.run?.outputArgs[1]).toContain('atrim=start_pts=0:end_pts=168960,asplit');
  });

  it('reaches the encoder in one format', () => {
    const plan = joined();
    const args = audioArguments(plan, plan.parts.at(-1) as AudioPart, 1000);
    expect(args.samples).toEqual([{ sampleRate: 48_000, channels: 2 }]);
    expect(args.outputArgs.slice(0, 4)).toEqual([
      ...['-filter_complex', '[0:0]aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo[a0]'],
      ...['-map', '[a0]'],
    ]);
  });
});
