import { describe, expect, it } from 'vitest';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
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
  it('has an input for each clip that is heard, from a second before it, and silence for the others', () => {
    const plan = joined();
    const args = audioArguments(plan, plan.parts.at(-1) as AudioPart, 1000);
    expect(args).toMatchObject({
      source: 0,
      inputArgs: ['-vn', '-copyts', '-itsoffset', '-0.499999'],
      moreInputs: [
        {
          source: 0,
          inputArgs: [
            ...['-vn', '-seek_timestamp', '1', '-ss', '99', '-noaccurate_seek'],
            ...['-copyts', '-itsoffset', '-99.999999'],
          ],
        },
      ],
    });
    expect(args.outputArgs.slice(0, 8)).toEqual([
      ...['-f', 'lavfi', '-i', 'aevalsrc=0:s=48000:d=0.001'],
      ...['-f', 'lavfi', '-i', 'anullsrc=sample_rate=48000:duration=2'],
    ]);
    const filters = String(args.outputArgs[args.outputArgs.indexOf('-filter_complex') + 1]).split(';');
    // The clips' places on the time line of the film, which has 3.52 s of the first: 3.5 s are 87.5 frames.
    expect(
      filters.map((filter) => /asetpts=PTS\+(.*)\/TB\[c(\d)\]$/.exec(filter)?.slice(1)).filter(Boolean),
    ).toEqual([
      ['0', '0'],
      ['3.52', '1'],
      ['5.52', '2'],
    ]);
    expect(filters.at(-1)).toMatch(
      /^\[film\]\[c0\]\[c1\]\[c2\]ainterleave=nb_inputs=4,.*,apad,atrim=start=0:end=13\.52\[a0\]$/,
    );
  });
});
