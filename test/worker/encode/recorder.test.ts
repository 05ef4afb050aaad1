import { beforeAll, describe, expect, it } from 'vitest';
import { BadOutputError, createRecorder } from '../../../worker/src/encode/recorder.ts';
import type { MediaPart } from '../../../worker/src/plan/plan.ts';
import { partRecordSchema } from '../../../worker/src/protocol/part-record.ts';
import { type MadeSegments, makeSegments } from '../../helpers/media/segments.ts';

let made: MadeSegments;
/** Segments 0 and 1, to 4 s; and segments 2 and 3, to 8 s. */
let first: MediaPart;
let second: MediaPart;

beforeAll(async () => {
  made = await makeSegments('fmp4');
  [first, second] = made.videoParts as [MediaPart, MediaPart];
});

const done = { errorLines: 0, encodeSeconds: 1.5 };

function file(rendition: string, number: number): Buffer {
  const found = made.files.get(rendition)?.segments[number];
  if (!found) throw new Error(`ffmpeg made no segment ${number} of ${rendition}`);
  return found;
}

function recorderOf(part: MediaPart) {
  const recorder = createRecorder(made.plan, part);
  const names = part.kind === 'audio' ? ['audio-0'] : ['240p', '360p'];
  for (const name of names) recorder.addInit(name, made.files.get(name)?.init ?? Buffer.alloc(0));
  const add = (rendition: string, number: number, bytes = file(rendition, number)) =>
    recorder.addSegment(rendition, `${String(number).padStart(5, '0')}.m4s`, bytes);
  return { ...recorder, add };
}

describe('createRecorder', () => {
  it('records what a part made', () => {
    const recorder = recorderOf(second);
    for (const name of ['240p', '360p']) for (const number of [2, 3]) recorder.add(name, number);
    recorder.addSheet('0001-1.jpg');
    const record = recorder.finish(done);
    expect(partRecordSchema.parse(record)).toEqual(record);
    expect(record).toMatchObject({ version: 1, part: 1, endSeconds: 8, warnings: [], encodeSeconds: 1.5 });
    expect(record.renditions[0]).toMatchObject({
      name: '240p',
      frames: 100,
      codecs: expect.stringMatching(/^avc1\./),
      initSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      segments: [
        { number: 2, startSeconds: 4, durationSeconds: 2, bytes: file('240p', 2).length },
        { number: 3, startSeconds: 6, durationSeconds: 2, bytes: file('240p', 3).length },
      ],
    });
    expect(record.renditions[0]?.segments[0]?.keyframeBytes).toBeGreaterThan(500);
    // One tile for each second of 4 s to 8 s.
    expect(record.sheets).toEqual([{ file: '0001-1.jpg', tileSeconds: [4, 5, 6, 7] }]);
  });

  it('counts no tile for an interval in which no frame begins', () => {
    const { plan } = made;
    if (!plan.video) throw new Error('This plan was to have a picture.');
    const storyboard = { ...plan.video.storyboard, intervalSeconds: 3.97 };
    const recorder = createRecorder({ ...plan, video: { ...plan.video, storyboard } }, second);
    for (const name of ['240p', '360p']) {
      recorder.addInit(name, made.files.get(name)?.init ?? Buffer.alloc(0));
      for (const number of [2, 3]) recorder.addSegment(name, `0000${number}.m4s`, file(name, number));
    }
    recorder.addSheet('0001-1.jpg');
    // The second interval begins at 7.97 s; the last frame began at 7.96 s.
    expect(recorder.finish(done).sheets).toEqual([{ file: '0001-1.jpg', tileSeconds: [4] }]);
  });

  it('believes no part of a GPU with a sheet too many, as there is one for each time that ffmpeg makes its filters', () => {
    const { plan } = made;
    if (!plan.video) throw new Error('This plan was to have a picture.');
    const recorder = createRecorder({ ...plan, video: { ...plan.video, path: 'gpu' } }, second);
    for (const name of ['240p', '360p']) {
      recorder.addInit(name, made.files.get(name)?.init ?? Buffer.alloc(0));
      for (const number of [2, 3]) recorder.addSegment(name, `0000${number}.m4s`, file(name, number));
    }
    recorder.addSheet('0001-1.jpg');
    expect(recorder.finish(done).sheets).toHaveLength(1);
    recorder.addSheet('0001-2.jpg');
    expect(() => recorder.finish(done)).toThrow(
      'Part 1 has 2 sheets of its storyboard, more than its length',
    );
  });

  it('records sound, which ends up to a frame of 1024 samples after the film', () => {
    const recorder = recorderOf(made.audioPart);
    for (const number of [0, 1, 2, 3]) recorder.add('audio-0', number);
    const record = recorder.finish(done);
    expect(record.endSeconds).toBeGreaterThanOrEqual(8);
    expect(record.endSeconds).toBeLessThan(8 + 1024 / 48000);
    expect(record.renditions[0]?.segments[0]).not.toHaveProperty('keyframeBytes');
  });

  it('says that the decoder complained', () => {
    const recorder = recorderOf(first);
    for (const name of ['240p', '360p']) for (const number of [0, 1]) recorder.add(name, number);
    expect(recorder.finish({ ...done, errorLines: 3 }).warnings).toEqual([
      "The film's video may be damaged from 0 s to 4 s: its decoder reported 3 errors. Look whether it is right.",
    ]);
  });

  it.each([
    [
      'a segment that was left out',
      () => {
        const recorder = recorderOf(second);
        recorder.add('240p', 2);
        recorder.addSegment('240p', '00004.m4s', file('240p', 3));
      },
      'segment 4 of 240p came after segment 2.',
    ],
    [
      'a part that does not begin with its first segment',
      () => recorderOf(second).add('240p', 3),
      'came after segment none.',
    ],
    [
      'a segment that comes twice',
      () => {
        const recorder = recorderOf(second);
        recorder.add('240p', 2);
        recorder.addSegment('240p', '00003.m4s', file('240p', 2));
      },
      'segment 3 of 240p starts at 4.000 s; the one before it ends at 6.000 s.',
    ],
    [
      'a part that starts at the wrong time',
      () => recorderOf(second).add('240p', 2, file('240p', 0)),
      'segment 2 of 240p starts at 0.000 s; the one before it ends at 4.000 s.',
    ],
    [
      'a segment that is cut off',
      () => recorderOf(first).add('240p', 0, file('240p', 0).subarray(0, -1)),
      'ffmpeg made segment 0 of 240p unfit: box "mdat" is cut off',
    ],
    [
      'an init segment that is cut off',
      () =>
        recorderOf(first).addInit('240p', made.files.get('240p')?.init?.subarray(0, 300) ?? Buffer.alloc(0)),
      'ffmpeg made the init segment of 240p unfit',
    ],
    [
      'renditions with different numbers of segments',
      () => {
        const recorder = recorderOf(second);
        recorder.add('240p', 2);
        recorder.add('240p', 3);
        recorder.add('360p', 2);
        recorder.finish(done);
      },
      'Renditions differ: 240p has 2 segments and 100 frames, 360p 1 and 50.',
    ],
    [
      'a rendition that was not made at all',
      () => {
        const recorder = recorderOf(first);
        recorder.add('240p', 0);
        recorder.finish(done);
      },
      'Renditions differ: 240p has 1 segments and 50 frames, 360p 0 and 0.',
    ],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(BadOutputError);
    expect(make).toThrow(message);
  });

  it('takes only renditions of its part', () => {
    const { audioPart, plan } = made;
    expect(() => createRecorder(plan, audioPart).hasInit('240p')).toThrow(
      'Rendition "240p" is not in part 2.',
    );
  });

  it('says how far the part has come', () => {
    const recorder = recorderOf(second);
    expect(recorder.endSeconds()).toBe(4);
    recorder.add('240p', 2);
    expect(recorder.endSeconds()).toBe(6);
  });
});
