import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { readSettings, type Settings } from '../../../worker/src/settings/settings.ts';

/** Settings of a small farm, with what a test wants otherwise. */
export function testSettings(environment: Partial<WorkerEnvironment> = {}): Settings {
  return readSettings({
    QUEUE_URL: 'https://sqs.example/jobs',
    DEAD_LETTER_QUEUE_URL: 'https://sqs.example/jobs-dead',
    SOURCE_BUCKET: 'films-in',
    OUTPUT_BUCKET: 'films-out',
    ...environment,
  });
}
