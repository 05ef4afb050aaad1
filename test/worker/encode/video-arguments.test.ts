import { describe, expect, it } from 'vitest';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { encoderQuality } from '../../../worker/src/plan/encoder-quality.ts';
import type { Plan, VideoPart, VideoPlan } from '../../../worker/src/plan/plan.ts';
import { outputTo, readOutputs } from '../../helpers/ffmpeg/ffmpeg-arguments.ts';
import { nvenc, shortPlan, videoParts } from '../../helpers/media/plans.ts';

const maxSeconds = 100;

function argumentsOf(plan: Plan & { video: VideoPlan }, index: number) {
  return videoArguments(plan, plan.video, videoParts(plan)[index] as VideoPart, maxSeconds);
}

/** On the CPU, filters stay as they are when the picture's size changes. */
const whole = ['-reinit_filter', '0'];
const [first, middle, last] = [0, 1, 2];

/** The table that is measured changes it. */
const standard = (name: 'x264' | 'nvenc') => String(encoderQuality({ name, preset: 'veryfast' }, 'standard'));

describe('videoArguments', () => {
  it('keep the quality of older plans, which name none', () => {
    const plan = shortPlan();
    const renditions = plan.video.renditions.map(({ quality: _, ...older }) => older);
    const args = argumentsOf({ ...plan, video: { ...plan.video, renditions } }, first).outputArgs;
    expect(args[args.indexOf('-crf') + 1]).toBe('23');
  });

  it('are these for the second of three parts of a plain film', () => {
    const plan = shortPlan({ encoding: { ladder: [{ rung: '360p' }] } });
    expect(argumentsOf(plan, middle)).toEqual({
      renditions: ['360p'],
      inputArgs: [
        '-reinit_filter',
        '0',
        '-seek_timestamp',
        '1',
        '-ss',
        '12',
        '-noaccurate_seek',
        '-copyts',
        '-itsoffset',
        '-11.999999',
      ],
      outputArgs: [
        '-filter_complex',
        '[0:0]trim=start=0:end=12,scale=w=640:h=360:flags=bicubic:out_range=tv,setsar=1,format=yuv420p,' +
          'setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv,split=2[v0][t];' +
          "[t]select='isnan(prev_selected_t)+gt(floor((t-0)/1),floor((prev_selected_t-0)/1))'," +
          'scale=w=160:h=90:flags=area:out_color_matrix=bt601:out_range=pc,format=yuvj420p,' +
          'setsar=1,tile=10x2,setpts=PTS+1/TB[tiles];' +
          'color=c=black:s=1600x180:r=1:d=1,scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p,setsar=1[blank];[blank][tiles]concat=n=2[sheets]',
        ...['-map', '[v0]', '-map_metadata', '-1', '-map_chapters', '-1'],
        ...['-fps_mode', 'passthrough', '-enc_time_base', 'filter'],
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', standard('x264')],
        ...['-maxrate', '950000', '-bufsize', '2850000', '-rc_init_occupancy', '475000'],
        ...['-profile:v', 'high', '-level:v', '3.0'],
        ...[
          '-sc_threshold',
          '0',
          '-a53cc',
          '0',
          '-force_key_frames',
          '0,2,4,6,8,10',
          '-g',
          '100',
          '-flags',
          '+cgop',
        ],
        ...['-f', 'segment', '-segment_format', 'mp4', '-individual_header_trailer', '0'],
        ...['-segment_header_filename', '360p/init.mp4', '-segment_format_options'],
        'movflags=+cmaf+frag_custom+frag_discont+skip_trailer:output_ts_offset=12',
        ...['-avoid_negative_ts', 'disabled', '-segment_times', '6', '-segment_time_delta', '1'],
        ...['-segment_start_number', '2', '-segment_list', 'pipe:3', '-segment_list_type', 'csv'],
        '360p/%05d.m4s',
        ...['-map', '[sheets]', '-c:v', 'mjpeg', '-q:v', '4', '-fps_mode', 'passthrough'],
        ...['-enc_time_base', '1:1000', '-map_metadata', '-1', '-f', 'image2'],
        ...['-start_number', '0', 'storyboard/0001-%d.jpg'],
      ],
    });
  });

  it('seek only where a part does not begin the film', () => {
    const plan = shortPlan();
    expect([first, middle, last].map((index) => argumentsOf(plan, index).inputArgs)).toEqual([
      [...whole, '-copyts', '-itsoffset', '0.000001'],
      [
        ...whole,
        '-seek_timestamp',
        '1',
        '-ss',
        '12',
        '-noaccurate_seek',
        '-copyts',
        '-itsoffset',
        '-11.999999',
      ],
      [
        ...whole,
        '-seek_timestamp',
        '1',
        '-ss',
        '24',
        '-noaccurate_seek',
        '-copyts',
        '-itsoffset',
        '-23.999999',
      ],
    ]);
  });

  it('shift a film whose picture starts after its sound so that the picture is at zero', () => {
    const plan = shortPlan({ startSeconds: 10, video: { startSeconds: 10.2 }, audio: { startSeconds: 10 } });
    expect(argumentsOf(plan, middle).inputArgs).toEqual([
      ...whole,
      '-seek_timestamp',
      '1',
      '-ss',
      '22.2',
      '-noaccurate_seek',
      '-copyts',
      '-itsoffset',
      '-22.199999',
    ]);
  });

  it('give each rendition a list pipe of its own, in the order of the renditions', () => {
    const { outputArgs, renditions } = argumentsOf(shortPlan(), first);
    expect(renditions).toEqual(['360p', '240p']);
    expect(renditions.map((name) => outputTo(outputArgs, name).options.segment_list)).toEqual([
      'pipe:3',
      'pipe:4',
    ]);
  });

  it('place the keyframes of all renditions at the same times, one at every cut', () => {
    const { outputArgs, renditions } = argumentsOf(shortPlan({ encoding: { segmentSeconds: 5 } }), middle);
    const [one, other] = renditions.map((name) => outputTo(outputArgs, name).options);
    // A part of about 12 s is two segments of 5 s, with four keyframes in each.
    expect(one?.force_key_frames).toBe('0,1.25,2.5,3.75,5,6.25,7.5,8.75');
    expect(one?.segment_times).toBe('5');
    expect(other?.force_key_frames).toBe(one?.force_key_frames);
    expect(other?.segment_times).toBe(one?.segment_times);
  });

  it('let no encoder place a keyframe of its own', () => {
    for (const encoder of [{ name: 'x264', preset: 'veryfast' } as const, nvenc]) {
      const { options } = outputTo(argumentsOf(shortPlan({ encoder }), first).outputArgs, '360p');
      // Two GOPs of 2 s at 25 frames per second.
      expect(Number(options.g)).toBe(100);
      expect(options.flags).toBe('+cgop');
      expect(options.sc_threshold ?? options['no-scenecut']).toBe(encoder.name === 'x264' ? '0' : '1');
    }
  });

  it('prepare the last part for a film that is longer than its header says', () => {
    const { outputArgs } = argumentsOf(shortPlan(), last);
    const { options } = outputTo(outputArgs, '360p');
    // 24 s to 30 s are given: one segment, then a tenth and a minute more.
    expect(options.segment_times).toBe('6,12,18,24,30,36,42,48,54,60,66');
    expect(options.force_key_frames).toMatch(/^0,2,4,.*,66,68$/);
  });

  it('never go past the longest film that is allowed', () => {
    const plan = shortPlan();
    const { outputArgs } = videoArguments(plan, plan.video, videoParts(plan)[last] as VideoPart, 31);
    expect(outputTo(outputArgs, '360p').options.segment_times).toBe('6');
    expect(outputArgs[1]).toContain('trim=start=0:end=7,');
  });

  it('name segments and their times by the film, not by the part', () => {
    const plan = shortPlan();
    const seen = [first, middle, last].map((index) => {
      const { options, file } = outputTo(argumentsOf(plan, index).outputArgs, '240p');
      return [
        file,
        options.segment_start_number,
        /output_ts_offset=(.*)/.exec(options.segment_format_options ?? '')?.[1],
      ];
    });
    expect(seen).toEqual([
      ['240p/%05d.m4s', '0', '0'],
      ['240p/%05d.m4s', '2', '12'],
      ['240p/%05d.m4s', '4', '24'],
    ]);
  });

  it('make MPEG-TS begin at 10 s, with no init segment', () => {
    const plan = shortPlan({ encoding: { segmentFormat: 'mpegts' } });
    const { options, file } = outputTo(argumentsOf(plan, middle).outputArgs, '360p');
    expect(file).toBe('360p/%05d.ts');
    expect(options).toMatchObject({
      segment_format: 'mpegts',
      segment_format_options: 'omit_video_pes_length=0:avoid_negative_ts=disabled:output_ts_offset=22',
      muxdelay: '0',
    });
    expect(options).not.toHaveProperty('segment_header_filename');
  });

  it('make the poster in the part that its time is in, and nowhere else', () => {
    const plan = shortPlan({ encoding: { thumbnailAt: 13 } });
    const files = [first, middle, last].map((index) =>
      readOutputs(argumentsOf(plan, index).outputArgs).map(({ file }) => file),
    );
    expect(files.map((names) => names.includes('poster.jpg'))).toEqual([false, true, false]);
    expect(files.map((names) => names.at(-1))).toEqual([
      'storyboard/0000-%d.jpg',
      'storyboard/0001-%d.jpg',
      'storyboard/0002-%d.jpg',
    ]);
  });

  it('carry no text of the film: metadata and chapters are left behind', () => {
    const { outputArgs } = argumentsOf(shortPlan(), first);
    for (const { options, file } of readOutputs(outputArgs)) {
      expect(options.map_metadata, file).toBe('-1');
      if (file.includes('.m4s')) expect(options.map_chapters, file).toBe('-1');
    }
  });

  it('keep frames in video memory on the GPU, and use no hardware decoder elsewhere', () => {
    expect(argumentsOf(shortPlan({ encoder: nvenc }), middle).inputArgs).toEqual([
      // More threads or frames would need more than NVDEC's 32 surfaces.
      ...['-hwaccel', 'cuda', '-hwaccel_output_format', 'cuda', '-threads', '1'],
      ...['-seek_timestamp', '1', '-ss', '12', '-noaccurate_seek', '-copyts', '-itsoffset', '-11.999999'],
    ]);
    const video = { pixelFormat: 'yuv422p', interlaced: true };
    expect(argumentsOf(shortPlan({ encoder: nvenc, video }), first).inputArgs).toEqual([
      ...whole,
      '-copyts',
      '-itsoffset',
      '0.000001',
    ]);
  });

  it('give NVENC a quality, the caps of the rendition, and to make every forced keyframe an IDR', () => {
    const { options } = outputTo(argumentsOf(shortPlan({ encoder: nvenc }), first).outputArgs, '360p');
    expect(options).toMatchObject({
      'c:v': 'h264_nvenc',
      preset: 'p5',
      rc: 'vbr',
      cq: standard('nvenc'),
      'b:v': '0',
      maxrate: '950000',
      'profile:v': 'high',
      'level:v': '3.0',
      'forced-idr': '1',
      strict_gop: '1',
    });
  });
});
