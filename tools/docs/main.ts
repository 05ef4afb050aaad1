import { readFileSync, writeFileSync } from 'node:fs';
import { withSamples } from './cli-page.ts';
import { configurationPage } from './configuration-page.ts';
import { declaredSettings, farmArgs } from './farm-args.ts';
import { renderJobSchema } from './job-schema.ts';
import { performancePage } from './performance-page.ts';

/** Writes everything that follows from something else: pages and a schema under docs/, and a farm's arguments. */
const root = new URL('../../', import.meta.url);

const readPage = (path: string) => readFileSync(new URL(path, root), 'utf8');

const readProjectFile = () => readPage('Pulumi.yaml');

const documents: Record<string, () => string | Promise<string>> = {
  'infra/settings/args.ts': () => farmArgs(readProjectFile()),
  'infra/settings/declared.ts': () => declaredSettings(readProjectFile()),
  'docs/configuration.md': () => configurationPage(readProjectFile()),
  // Imported only now: it runs the program, which reads the arguments that were just written.
  'docs/deploy.md': async () => (await import('./changes-page.ts')).deployPage(readPage('docs/deploy.md')),
  'docs/cost.md': async () => (await import('./cost-page.ts')).costPage(),
  'docs/job.schema.json': renderJobSchema,
  'docs/performance.md': () => performancePage(readPage('docs/performance.md')),
  'docs/cli.md': () => withSamples(readPage('docs/cli.md')),
  'README.md': () => withSamples(readPage('README.md')),
};

for (const [path, render] of Object.entries(documents)) {
  writeFileSync(new URL(path, root), await render());
  console.log(path);
}
