import { z } from 'zod';
import { jobSchema } from '../../worker/src/protocol/job.ts';

/** The JSON Schema of a job, as text. The zod schema is the one definition; this follows from it. */
export function renderJobSchema(): string {
  const schema = {
    title: 'Job',
    description: 'A film to be transcoded. One message on the queue is one job.',
    ...z.toJSONSchema(jobSchema, { io: 'input' }),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
