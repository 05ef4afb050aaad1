import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type InitFacts, readFmp4Segment, readInit } from '../../../worker/src/encode/fmp4-segment.ts';
import { findBox, readBoxes } from '../../../worker/src/mp4/boxes.ts';
import { ffprobe, temporaryFolder } from '../../helpers/media/clips.ts';
import { type MadeSegments, makeSegments } from '../../helpers/media/segments.ts';

let made: MadeSegments;
let video: { init: Buffer; segment: Buffer; facts: InitFacts };
let audio: { init: Buffer; segment: Buffer; facts: InitFacts };

beforeAll(async () => {
  made = await makeSegments('fmp4');
  const of = (name: string) => {
    const { init, segments } = made.files.get(name) ?? {};
    if (!init || !segments?.[1]) throw new Error(`ffmpeg made no ${name}`);
    return { init, segment: segments[1], facts: readInit(init) };
  };
  video = of('240p');
  audio = of('audio-0');
});

async function probeBytes(data: Buffer) {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'joined.mp4');
  await writeFile(path, data);
  return await ffprobe<{
    packets: { pts_time: string; size: string }[];
    streams: { profile: string; level: number }[];
  }>('-show_entries', 'packet=pts_time,size:stream=profile,level', path);
}

describe('readInit', () => {
  it('reads kind, clock and codec of what ffmpeg made', async () => {
    const { streams } = await probeBytes(Buffer.concat([video.init, video.segment]));
    expect(video.facts).toMatchObject({ kind: 'video', timescale: 12800 });
    expect(video.facts.codecs).toMatch(/^avc1\.[0-9a-f]{6}$/);
    expect(Number.parseInt(video.facts.codecs.slice(-2), 16)).toBe(streams[0]?.level);
    expect(audio.facts).toMatchObject({ kind: 'audio', timescale: 48000, codecs: 'mp4a.40.2' });
  });

  it('refuses an init segment that is cut off anywhere', () => {
    for (let length = 0; length < video.init.length; length++)
      expect(() => readInit(video.init.subarray(0, length)), `${length} bytes`).toThrow();
  });

  it('is the same bytes each time, as all parts share it', async () => {
    const again = await makeSegments('fmp4');
    expect(again.files.get('240p')?.init?.equals(video.init)).toBe(true);
  });
});

describe('readFmp4Segment', () => {
  it('reads times and frames as ffprobe does', async () => {
    for (const { init, segment, facts } of [video, audio]) {
      const { packets } = await probeBytes(Buffer.concat([init, segment]));
      const read = readFmp4Segment(segment, facts);
      const times = packets.map((packet) => Number(packet.pts_time));
      expect(read.frames).toBe(packets.length);
      expect(read.startSeconds).toBeCloseTo(Math.min(...times), 5);
      const frame = facts.kind === 'video' ? 1 / 25 : 1024 / 48000;
      expect(read.durationSeconds).toBeCloseTo(packets.length * frame, 4);
    }
    expect(readFmp4Segment(video.segment, video.facts)).toMatchObject({ startSeconds: 2, frames: 50 });
  });

  it('says where the first frame ends: that many bytes are one frame that decodes', async () => {
    const { firstFrameBytes } = readFmp4Segment(video.segment, video.facts);
    const { packets } = await probeBytes(Buffer.concat([video.init, video.segment]));
    const content = readBoxes(video.segment).find(({ type }) => type === 'mdat');
    expect(firstFrameBytes).toBe((content?.body ?? 0) + Number(packets[0]?.size));
  });

  it('refuses a segment that is cut off at any byte', () => {
    for (const { segment, facts } of [video, audio]) {
      const step = Math.max(1, Math.floor(segment.length / 3000));
      for (let length = 0; length < segment.length; length += length < 1500 ? 1 : step)
        expect(() => readFmp4Segment(segment.subarray(0, length), facts), `${length} bytes`).toThrow();
    }
  });

  it('refuses media data that lost its end although every size was corrected', () => {
    const content = readBoxes(video.segment).find(({ type }) => type === 'mdat');
    const cut = Buffer.from(video.segment.subarray(0, -1000));
    cut.writeUInt32BE(cut.length - (content?.start ?? 0), content?.start ?? 0);
    expect(() => readFmp4Segment(cut, video.facts)).toThrow(/its samples are \d+ bytes, its media data \d+/);
  });

  it('refuses a box, a count or a sample size that was changed', () => {
    const fragment = findBox(video.segment, ['moof']);
    const track = findBox(video.segment, ['traf'], readBoxes(video.segment, fragment.body, fragment.end));
    const inside = readBoxes(video.segment, track.body, track.end);
    const run = inside.find(({ type }) => type === 'trun');
    if (!run) throw new Error('ffmpeg made no trun');
    const heads = [fragment, track, ...inside, readBoxes(video.segment).find(({ type }) => type === 'mdat')];
    const places = [...heads.flatMap((box) => (box ? [box.start + 3] : [])), run.body + 7];
    for (const place of places) {
      const changed = Buffer.from(video.segment);
      changed[place] = (changed[place] ?? 0) ^ 0x10;
      expect(() => readFmp4Segment(changed, video.facts), `byte ${place}`).toThrow();
    }
  });

  it('refuses a segment that does not begin with an IDR picture', () => {
    const { body } = readBoxes(video.segment).find(({ type }) => type === 'mdat') ?? { body: 0 };
    const changed = Buffer.from(video.segment);
    for (let at = body; at < changed.length; at += 4 + changed.readUInt32BE(at)) {
      const type = (changed[at + 4] ?? 0) & 0x1f;
      if (type === 5) changed[at + 4] = ((changed[at + 4] ?? 0) & 0xe0) | 1;
    }
    expect(() => readFmp4Segment(changed, video.facts)).toThrow('does not begin with a keyframe');
  });

  it('refuses what is no segment at all', () => {
    expect(() => readFmp4Segment(Buffer.alloc(0), video.facts)).toThrow('no movie fragment');
    expect(() => readFmp4Segment(video.init, video.facts)).toThrow('no movie fragment');
    expect(() => readFmp4Segment(Buffer.alloc(5000), video.facts)).toThrow();
  });
});
