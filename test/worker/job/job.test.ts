import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readJobSchema, renderJobSchema } from '../../../scripts/job-schema.ts';
import { jobIdSchema, jobSchema } from '../../../worker/src/job/job.ts';

test('docs/job.schema.json is what the schema says (mend it with: node scripts/job-schema.ts)', () => {
  expect(JSON.parse(readJobSchema())).toEqual(JSON.parse(renderJobSchema()));
});

test('the example job has every field and option that there is', () => {
  const example = JSON.parse(
    readFileSync(new URL('../../fixtures/messages/job.json', import.meta.url), 'utf8'),
  );
  const job = jobSchema.parse(example);
  expect(Object.keys(job).sort()).toEqual(Object.keys(jobSchema.shape).sort());
  expect(Object.keys(job.options ?? {}).sort()).toEqual(
    Object.keys(jobSchema.shape.options.unwrap().shape).sort(),
  );
});

test.each(['a', 'A.b_c~d-e', '0', 'x'.repeat(128)])('%j is a job id', (id) => {
  expect(jobIdSchema.safeParse(id).success).toBe(true);
});

test.each(['', '.', '..', '-a', '.hidden', 'a/b', 'a b', 'ä', 'a%20', 'x'.repeat(129), 'a\n'])(
  '%j is no job id',
  (id) => {
    expect(jobIdSchema.safeParse(id).success).toBe(false);
  },
);
