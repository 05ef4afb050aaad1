import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { jobSchema } from '../worker/src/job/job.ts';

/** Where the JSON Schema of a job is kept for readers and other languages. */
export const jobSchemaFile = new URL('../docs/job.schema.json', import.meta.url);

/** The JSON Schema of a job, as text. The zod schema is the one definition; this follows from it. */
export function renderJobSchema(): string {
  const schema = {
    title: 'Job',
    description: 'A film to be transcoded. One message on the queue is one job.',
    ...z.toJSONSchema(jobSchema, { io: 'input' }),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

export function readJobSchema(): string {
  return readFileSync(jobSchemaFile, 'utf8');
}

if (import.meta.main) writeFileSync(jobSchemaFile, renderJobSchema());
