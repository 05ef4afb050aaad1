import { expect, it } from 'vitest';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import { joinRendition } from '../../../worker/src/publish/rendition.ts';

function record(part: number, initSha256: string | undefined, numbers: readonly number[]): PartRecord {
  const segments = numbers.map((number) => ({ number, bytes: 10, startSeconds: number, durationSeconds: 1 }));
  const rendition = { name: '240p', codecs: 'avc1', frames: 25, initBytes: 5, initSha256, segments };
  return { part, renditions: [rendition] } as unknown as PartRecord;
}

it('joins a film whose last part lies behind its end and has neither segments nor an init segment', () => {
  const records = [record(0, 'a', [0, 1]), record(1, 'a', [2]), record(2, undefined, [])];
  expect(joinRendition(records, '240p')).toMatchObject({ durationSeconds: 3, initBytes: 5 });
});

it('names the part whose init segment differs from the others', () => {
  const records = [record(0, 'a', [0]), record(1, 'b', [1]), record(2, 'a', [2])];
  expect(() => joinRendition(records, '240p')).toThrow('different init segments');
});
