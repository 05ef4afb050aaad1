import { describe, expect, it } from 'vitest';
import { describeSource } from '../../../worker/src/protocol/source-location.ts';

describe('describeSource', () => {
  it.each([
    ['films/a.mp4', 'films/a.mp4'],
    ['s3://films/a.mp4?token=1', 's3://films/a.mp4?token=1'],
    ['https://user:pass@example.com/a.mp4?sig=s3cret#t=1', 'https://example.com/a.mp4'],
    ['HTTP://example.com/a%20b.mp4?token=s3cret', 'http://example.com/a%20b.mp4'],
    ['https://user:s3cret@exa mple/a.mp4?token=s3cret', 'https://exa mple/a.mp4'],
    ['https://[broken/a.mp4#s3cret', 'https://[broken/a.mp4'],
  ])('reports %s as %s', (source, reported) => {
    expect(describeSource(source)).toBe(reported);
  });
});
