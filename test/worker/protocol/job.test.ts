import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderJobSchema } from '../../../tools/docs/job-schema.ts';
import { jobIdSchema, jobSchema } from '../../../worker/src/protocol/job.ts';

it('docs/job.schema.json is what the schema says (if it differs: npm run docs)', () => {
  const page = readFileSync(new URL('../../../docs/job.schema.json', import.meta.url), 'utf8');
  expect(page).toBe(renderJobSchema());
});

it('the example job has every field and option that there is', () => {
  const example = JSON.parse(
    readFileSync(new URL('../../fixtures/messages/job.json', import.meta.url), 'utf8'),
  );
  const job = jobSchema.parse(example);
  expect(Object.keys(job).sort()).toEqual(Object.keys(jobSchema.shape).sort());
  expect(Object.keys(job.options ?? {}).sort()).toEqual(
    Object.keys(jobSchema.shape.options.unwrap().shape).sort(),
  );
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
