import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ladderSchema } from '../../../worker/src/plan/ladder.ts';
import { expectedBy, place } from '../../../worker/src/protocol/expected.ts';

function reported(schema: z.ZodType, value: unknown): string {
  const { error } = schema.safeParse(value);
  if (!error) throw new Error('the value is valid');
  return error.issues.map((issue) => place(issue.path) + expectedBy(issue)).join('; ');
}

describe('what a schema expected', () => {
  const rows: [string, z.ZodType, unknown, string][] = [
    ['a number that is too small', z.number().min(1), 0, 'expected at least 1'],
    ['a number that is too large', z.number().max(20), 21, 'expected at most 20'],
    ['a number that must be positive', z.number().positive(), 0, 'expected more than 0'],
    ['half a number', z.number().int(), 1.5, 'expected a whole number'],
    ['one of several', z.enum(['fmp4', 'mpegts', 'mkv']), 'webm', 'expected fmp4, mpegts or mkv'],
    ['an address', z.url(), 'example.com', 'expected an address that begins with https:// or http://'],
    ['a field that nothing reads', z.strictObject({}), { a: 1 }, 'has "a", which nothing reads'],
    ['a text', z.object({ source: z.string() }), { source: 7 }, 'source: expected a text'],
    ['a ladder without a rung', ladderSchema, [], 'expected at least 1 entry'],
    ['an unknown ladder', ladderSchema, 'huge', 'expected standard, mobile or hd, or a list'],
    [
      'a rung with a wrong bitrate',
      ladderSchema,
      [{ rung: '720p' }, { rung: '540p', bitrate: 1 }],
      '[1].bitrate: expected at least 50000',
    ],
    [
      'a rung that does not exist',
      ladderSchema,
      [{ name: '720p' }],
      '[0].rung: expected 2160p, 1440p, 1080p, 720p, 540p, 480p, 360p or 240p; [0]: has "name", which nothing reads',
    ],
  ];

  it.each(rows)('is said in words: %s', (_what, schema, value, text) => {
    expect(reported(schema, value)).toBe(text);
  });
});
