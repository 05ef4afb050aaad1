import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTsSegment } from '../../../worker/src/encode/ts-segment.ts';
import { ffprobe, temporaryFolder } from '../../helpers/media/clips.ts';
import { makeSegments } from '../../helpers/media/segments.ts';

/** The PID that ffmpeg gives its first stream. */
const media = 0x100;

let video: Buffer;
let audio: Buffer;

beforeAll(async () => {
  const { files } = await makeSegments('mpegts');
  const of = (name: string) => {
    const segment = files.get(name)?.segments[1];
    if (!segment) throw new Error(`ffmpeg made no ${name}`);
    return segment;
  };
  video = of('240p');
  audio = of('audio-0');
});

async function probePackets(data: Buffer) {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'segment.ts');
  await writeFile(path, data);
  const { packets } = await ffprobe<{ packets: { pts_time: string }[] }>(
    '-show_entries',
    'packet=pts_time',
    path,
  );
  return packets.map((packet) => Number(packet.pts_time));
}

describe('readTsSegment', () => {
  it('reads times and frames of the picture as ffprobe does, counted from 10 s', async () => {
    const times = await probePackets(video);
    expect(readTsSegment(video)).toMatchObject({
      kind: 'video',
      frames: times.length,
      startSeconds: Math.min(...times) - 10,
      codecs: expect.stringMatching(/^avc1\.[0-9a-f]{6}$/),
    });
    expect(readTsSegment(video).startSeconds).toBeCloseTo(2, 5);
    expect(readTsSegment(video).durationSeconds).toBeCloseTo(2, 3);
  });

  it('reads sound as ffprobe does', async () => {
    const times = await probePackets(audio);
    const facts = readTsSegment(audio);
    expect(facts).toMatchObject({ kind: 'audio', codecs: 'mp4a.40.2', frames: times.length });
    expect(facts.startSeconds).toBeCloseTo(Math.min(...times) - 10, 4);
    expect(facts.durationSeconds).toBeCloseTo((times.length * 1024) / 48000, 5);
  });

  it('refuses a picture that is cut off inside a frame, at any byte, also between packets', () => {
    const pidAt = (at: number) => video.readUInt16BE(at + 1) & 0x1fff;
    const starts = (at: number) => ((video[at + 1] ?? 0) & 0x40) !== 0;
    let inside = 0;
    for (let at = 0; at < video.length; at += 188) {
      for (const length of [at + 1, at + 94, at + 187])
        expect(() => readTsSegment(video.subarray(0, length)), `${length} bytes`).toThrow();
      if (pidAt(at) !== media || starts(at)) continue;
      inside++;
      expect(() => readTsSegment(video.subarray(0, at)), `${at} bytes`).toThrow('a frame is cut off');
    }
    expect(inside).toBeGreaterThan(100);
    expect(() => readTsSegment(Buffer.alloc(0))).toThrow('not whole packets');
  });

  it('refuses sound that is cut off', () => {
    expect(() => readTsSegment(audio.subarray(0, audio.length - 188))).toThrow('cut off');
    expect(() => readTsSegment(audio.subarray(0, audio.length - 100))).toThrow('whole packets');
  });

  it('refuses packets that are lost or out of step', () => {
    // Tables and packets without payload are not counted; encoders on several threads put them here and there.
    const isCounted = (at: number) =>
      (video.readUInt16BE(at + 1) & 0x1fff) === media && ((video[at + 3] ?? 0) & 0x10) !== 0;
    let middle = 188 * 100;
    while (!isCounted(middle)) middle += 188;
    const without = Buffer.concat([video.subarray(0, middle), video.subarray(middle + 188)]);
    expect(() => readTsSegment(without)).toThrow(/a packet before byte \d+ is lost/);
    const shifted = Buffer.from(video);
    shifted[middle] = 0;
    expect(() => readTsSegment(shifted)).toThrow(`byte ${middle} does not begin with the sync byte`);
    expect(() => readTsSegment(video.subarray(188 * 3))).toThrow('does not begin with its tables');
  });

  it('refuses a picture that does not begin with an IDR picture', () => {
    const changed = Buffer.from(video);
    for (
      let at = changed.indexOf('\x00\x00\x01', 0, 'latin1');
      at >= 0;
      at = changed.indexOf('\x00\x00\x01', at + 3, 'latin1')
    ) {
      const head = changed[at + 3] ?? 0;
      if ((head & 0x9f) === 5) changed[at + 3] = (head & 0xe0) | 1;
    }
    expect(() => readTsSegment(changed)).toThrow('does not begin with a keyframe');
  });
});
