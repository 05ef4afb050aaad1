import { stringify } from 'yaml';
import type { InitAnswers } from './questions.ts';

/** The stack file of these answers: all values as texts, as Pulumi writes them. */
export function stackFileOf(answers: InitAnswers): string {
  const config: Record<string, string | undefined> = {
    'aws:region': answers.region,
    'transcode-farm:storage': answers.storage,
    'transcode-farm:cloudflareAccountId': answers.cloudflareAccount,
    'transcode-farm:wasabiRegion': answers.wasabiRegion,
    'transcode-farm:compute': answers.compute,
    'transcode-farm:maxTasks': answers.maxWorkers,
    // By functions, all parts of a film are made at once: that is what they are for.
    'transcode-farm:workersPerFilm': answers.compute === 'function' ? answers.maxWorkers : undefined,
    'transcode-farm:portal': answers.portal === 'none' ? undefined : answers.portal,
  };
  const set = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  return `# Every setting: docs/configuration.md. What it costs: npm run cost -- with this file's name.\n${stringify({ config: set })}`;
}
