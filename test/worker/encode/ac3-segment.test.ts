import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ac3Init, ac3Segment } from '../../../worker/src/encode/ac3-segment.ts';
import { readFmp4Segment, readInit } from '../../../worker/src/encode/fmp4-segment.ts';
import { readAc3Frames } from '../../../worker/src/probe/ac3-frames.ts';
import { ffmpeg, ffprobe, temporaryFolder } from '../../helpers/media/clips.ts';

describe('segments of AC-3', () => {
  it.each([
    [48_000, '5.1(side)', 6, '384k'],
    [44_100, 'stereo', 2, '192k'],
    [44_100, 'mono', 1, '96k'],
  ] as const)('hold the frames at their places (%i Hz, %s)', async (rate, layout, channels, bitrate) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'frames.ac3');
    const noise = `anoisesrc=r=${rate}:d=1:a=0.2,aformat=channel_layouts=${layout}`;
    await ffmpeg('-f', 'lavfi', '-i', noise, '-c:a', 'ac3', '-b:a', bitrate, path);
    const data = await readFile(path);
    const frames = readAc3Frames(data);
    const [first] = frames;
    if (first === undefined) throw new Error('There were to be frames.');
    expect(first).toMatchObject({ sampleRate: rate, channels });

    const init = ac3Init(first);
    const segment = ac3Segment(data, frames, { number: 3, firstFrame: 1000 });
    const facts = readInit(init);
    expect(facts).toMatchObject({ kind: 'audio', codecs: 'ac-3', timescale: rate });
    const { startSeconds, durationSeconds, frames: count } = readFmp4Segment(segment, facts);
    expect(startSeconds).toBeCloseTo((1000 * 1536) / rate, 6);
    expect(durationSeconds).toBeCloseTo((frames.length * 1536) / rate, 6);
    expect(count).toBe(frames.length);

    // As a reader that is not ours has it.
    const joined = join(folder.path, 'joined.mp4');
    await writeFile(joined, Buffer.concat([init, segment]));
    const { streams, packets } = await ffprobe<{
      streams: object[];
      packets: { pts_time: string; size: string }[];
    }>('-show_entries', 'stream:packet=pts_time,size', joined);
    expect(streams).toMatchObject([
      {
        codec_name: 'ac3',
        channels,
        sample_rate: String(rate),
        bit_rate: `${Number.parseInt(bitrate, 10)}000`,
      },
    ]);
    expect(packets.map(({ size }) => Number(size))).toEqual(frames.map(({ bytes }) => bytes));
    expect(Number(packets[0]?.pts_time)).toBeCloseTo((1000 * 1536) / rate, 5);
    await ffmpeg('-xerror', '-i', joined, '-f', 'null', '-');
  });

  it('are refused where a frame is cut off', async () => {
    const noise = 'anoisesrc=d=0.1:a=0.2';
    const data = await ffmpeg('-f', 'lavfi', '-i', noise, '-c:a', 'ac3', '-f', 'ac3', '-');
    expect(() => readAc3Frames(data.subarray(0, -1))).toThrow('cut off');
    expect(() => readAc3Frames(Buffer.from('not a frame of audio'))).toThrow('cut off');
  });
});
