import { describe, expect, it } from 'vitest';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import { readOutputs } from '../../helpers/ffmpeg/ffmpeg-arguments.ts';
import { audioStream, film, planRequest } from '../../helpers/media/media.ts';
import { audioPart, shortPlan } from '../../helpers/media/plans.ts';

describe('audioArguments', () => {
  it('are these for a film with stereo sound', () => {
    const plan = shortPlan();
    expect(audioArguments(plan, audioPart(plan), 100)).toEqual({
      renditions: ['audio-0'],
      lavfiFirst: 'aevalsrc=0:s=48000:d=0.001',
      inputArgs: ['-vn', '-copyts', '-itsoffset', '0.000001'],
      outputArgs: [
        '-filter_complex',
        '[0:0]aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,' +
          'asettb=1/1000000,asetpts=PTS-1/TB[lead];' +
          '[1:1]aresample=48000:rematrix_maxval=1,' +
          'aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,' +
          'atrim=start=-0.5,asettb=1/1000000[film];' +
          '[lead][film]ainterleave,aresample=48000:async=1:min_hard_comp=0.015,atrim=start=0:end=100[a0]',
        ...['-map', '[a0]', '-c:a', 'aac', '-b:a', '128000', '-ac', '2', '-ar', '48000'],
        ...['-bsf:a', "noise=drop='lt(pts,0)'", '-map_metadata', '-1', '-map_chapters', '-1'],
        ...['-f', 'segment', '-segment_format', 'mp4', '-individual_header_trailer', '0'],
        ...['-segment_header_filename', 'audio-0/init.mp4', '-segment_format_options'],
        'movflags=+cmaf+frag_custom+frag_discont+skip_trailer:output_ts_offset=0',
        ...['-avoid_negative_ts', 'disabled', '-segment_times', '6,12,18,24'],
        ...['-segment_time_delta', '0.010667', '-segment_start_number', '0'],
        ...['-segment_list', 'pipe:3', '-segment_list_type', 'csv', 'audio-0/%05d.m4s'],
      ],
    });
  });

  it('make every track in one run, each with its own filters, rate and list pipe', () => {
    const audio = [
      audioStream({ index: 1, channels: 6, channelLayout: undefined, language: 'en' }),
      audioStream({ index: 3, channels: 1, channelLayout: 'mono', sampleRate: 44100, default: false }),
    ];
    const plan = makePlan(film({ audio }), { ...planRequest({ stereoOnly: true }), software: '7.1' });
    const outputs = readOutputs(audioArguments(plan, audioPart(plan), 700).outputArgs);
    expect(outputs.map(({ file }) => file)).toEqual(['audio-0-en/%05d.m4s', 'audio-1/%05d.m4s']);
    expect(outputs[0]?.options).toMatchObject({
      map: '[a0]',
      filter_complex: expect.stringMatching(
        /\[lead\];\[1:1\]pan=stereo\|c0<c0\+0.707c2\+0.707c4\|c1<c1\+0.707c2\+0.707c5,aresample=48000:.*end=700\[a0\]$/,
      ),
      ac: '2',
      segment_list: 'pipe:3',
    });
    expect(outputs[1]?.options).toMatchObject({
      map: '[a1]',
      filter_complex: expect.stringMatching(
        /\[lead\];\[1:3\]aresample=44100:.*channel_layouts=mono.*\[a1\]$/,
      ),
      ac: '1',
      ar: '44100',
      'b:a': '64000',
      segment_list: 'pipe:4',
    });
  });

  it('put copied frames on the grid of their part, and drop those of other parts and those that are cut off', () => {
    const wholeFrames = { bytes: 1536, description: '103dc0' };
    const audio = [audioStream({ codec: 'ac3', channels: 6, channelLayout: '5.1(side)', wholeFrames })];
    const plan = makePlan(film({ audio }), planRequest());
    const part = { ...audioPart(plan), startSeconds: 24, endSeconds: 48 };
    const grid = { sampleRate: 48_000, packetSamples: 1024, offsetSamples: 0 };
    const cut = { ...plan, audio: plan.audio.map((rendition) => ({ ...rendition, grid })) };
    const [, copied] = readOutputs(audioArguments(cut, part, 700).outputArgs);
    expect(copied?.options).toMatchObject({ map: '1:1', 'c:a': 'copy', segment_format: 'ac3' });
    expect(copied?.options['bsf:a']).toBe(
      "setts=ts='(floor(TS*TB*48000/1536+0.5001)-750)*1536/(TB*48000)'," +
        "noise=drop='lt(pts,0)+1-eq(size,1536)+gt(pts*tb,23.984)'",
    );
    expect(copied?.options).not.toHaveProperty('filter_complex');
  });

  it('shift sound by as much as the picture', () => {
    const plan = shortPlan({ startSeconds: 10, video: { startSeconds: 10.2 }, audio: { startSeconds: 10 } });
    expect(audioArguments(plan, audioPart(plan), 100).inputArgs).toEqual([
      '-vn',
      '-copyts',
      '-itsoffset',
      '-10.199999',
    ]);
  });

  it('are one segment for sound shorter than a segment', () => {
    const plan = {
      ...shortPlan(),
      parts: [{ kind: 'audio' as const, index: 0, firstSegment: 0 as const, segmentCuts: [] }],
    };
    const [output] = readOutputs(audioArguments(plan, audioPart(plan), 100).outputArgs);
    expect(output?.options.segment_time).toBe('1000000');
    expect(output?.options).not.toHaveProperty('segment_times');
  });
});
