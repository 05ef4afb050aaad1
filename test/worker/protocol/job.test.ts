import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderJobSchema } from '../../../tools/docs/job-schema.ts';
import { maxClips } from '../../../worker/src/protocol/clips.ts';
import { jobIdSchema, jobSchema } from '../../../worker/src/protocol/job.ts';

it('docs/job.schema.json is what the schema says (if it differs: npm run docs)', () => {
  const page = readFileSync(new URL('../../../docs/job.schema.json', import.meta.url), 'utf8');
  expect(page).toBe(renderJobSchema());
});

it('the two example jobs have every field and option that there is', () => {
  const jobs = ['job', 'clips'].map((name) =>
    jobSchema.parse(
      JSON.parse(readFileSync(new URL(`../../fixtures/messages/${name}.json`, import.meta.url), 'utf8')),
    ),
  );
  const keysOf = (objects: readonly object[]) => [...new Set(objects.flatMap(Object.keys))].sort();
  expect(keysOf(jobs)).toEqual(Object.keys(jobSchema.shape).sort());
  expect(keysOf(jobs.map(({ options = {} }) => options))).toEqual(
    Object.keys(jobSchema.shape.options.unwrap().shape).sort(),
  );
});

describe('clips of a job', () => {
  const clips = (count: number) => Array.from({ length: count }, () => ({ source: 'a.mp4' }));
  it.each<[what: string, job: object]>([
    ['a source and clips', { source: 'a.mp4', sources: clips(1) }],
    ['neither', {}],
    ['no clips', { sources: [] }],
    ['more clips than a worker opens at once', { sources: clips(maxClips + 1) }],
    ['thousands of clips', { sources: clips(5000) }],
    ['a clip that ends where it begins', { sources: [{ source: 'a.mp4', from: 3, to: 3 }] }],
    ['a clip that begins before its film', { sources: [{ source: 'a.mp4', from: -1 }] }],
    ['a clip with an unknown field', { sources: [{ source: 'a.mp4', until: 3 }] }],
    ['a size without clips', { source: 'a.mp4', options: { size: '1280x720' } }],
    ['a size that is a word', { sources: clips(1), options: { size: '720p' } }],
  ])('are refused: %s', (_, job) => {
    expect(jobSchema.safeParse({ id: 'a', ...job }).success).toBe(false);
  });

  it.each<[what: string, job: object]>([
    ['one clip', { sources: [{ source: 'a.mp4', to: 3 }] }],
    ['as many as are allowed', { sources: clips(maxClips) }],
  ])('are taken: %s', (_, job) => {
    expect(jobSchema.safeParse({ id: 'a', ...job }).success).toBe(true);
  });
});

it.each(['a', 'A.b_c~d-e', '0', 'x'.repeat(128)])('%j is a job id', (id) => {
  expect(jobIdSchema.safeParse(id).success).toBe(true);
});

it.each(['', '.', '..', '-a', '.hidden', 'a/b', 'a b', 'ä', 'a%20', 'x'.repeat(129), 'a\n'])(
  '%j is no job id',
  (id) => {
    expect(jobIdSchema.safeParse(id).success).toBe(false);
  },
);
