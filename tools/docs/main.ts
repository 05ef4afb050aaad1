import { readFileSync, writeFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.ts';
import { costPage } from './cost-page.ts';
import { renderJobSchema } from './job-schema.ts';

/** Writes every page and schema under docs/ that follows from the program. */
const root = new URL('../../', import.meta.url);

const documents: Record<string, () => string | Promise<string>> = {
  'docs/configuration.md': () => configurationPage(readFileSync(new URL('Pulumi.yaml', root), 'utf8')),
  'docs/cost.md': costPage,
  'docs/job.schema.json': renderJobSchema,
};

for (const [path, render] of Object.entries(documents)) {
  writeFileSync(new URL(path, root), await render());
  console.log(path);
}
