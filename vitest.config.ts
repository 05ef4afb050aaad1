import { defineConfig } from 'vitest/config';
import { patience } from './test/helpers/strictness.ts';

/** Tests that run the Pulumi program, and what costs and simulations read of it. */
const program = [
  'test/infra/**/*.test.ts',
  'test/tools/{cost,simulation}/**/!(cost-page).test.ts',
  'test/cli/plan/ways.test.ts',
  'test/portal/estimate.test.ts',
];

/**
 * Campaigns that need minutes of real time (workers killed, storage and network cut, films damaged at random), what needs a
 * download of its own, and docs/cost.md, which takes minutes of simulated farms. `npm run test:long`.
 */
const long = [
  'test/faults/**/*.test.ts',
  'test/hostile/mutations.test.ts',
  'test/films/dash.test.ts',
  'test/tools/cost/cost-page.test.ts',
];

/**
 * Whole films of every kind, films made to do harm, and sound of every format over its seams: minutes of encoding.
 * `npm run test:films`, with each ffmpeg that the farm supports.
 */
const films = [
  'test/films/**/!(dash).test.ts',
  'test/hostile/**/!(mutations).test.ts',
  'test/worker/encode/audio-stretch.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000 * patience,
    hookTimeout: 60_000 * patience,
    // Three at once also on two cores (vitest's own choice is one): many tests wait for clocks, not for the processor.
    maxWorkers: 3,
    // Whole workers, encoders and browsers share a small machine there: one that was starved is tried once more.
    retry: process.env.CI ? 1 : 0,
    projects: [
      // Packages and modules are read once, not for each file, and the program is run once for each config; nothing else of a
      // file is left for the next one. None has an `exclude`, as that would replace the command line's.
      { extends: true, test: { name: 'program', include: program, isolate: false } },
      {
        extends: true,
        test: {
          name: 'farm',
          include: ['test/**/*.test.ts', ...[...program, ...films, ...long].map((glob) => `!${glob}`)],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'films', include: films, isolate: false } },
      { extends: true, test: { name: 'long', include: long } },
    ],
  },
});
