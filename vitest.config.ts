import { defineConfig } from 'vitest/config';
import { patience } from './test/helpers/strictness.ts';

/**
 * What needs long: whole farms again and again, pages used for a minute, workers killed, networks cut, minutes of simulated time.
 * `NAME.long.test.ts`, beside the quick tests of the same thing, and all of `test/faults`. `npm run test:long`.
 */
const long = ['test/**/*.long.test.ts', 'test/faults/**/*.test.ts'];

/**
 * What encodes for long, so that ffmpeg decides: `NAME.films.test.ts`; and whole films of every kind, and films made to do harm.
 * `npm run test:films`, with each ffmpeg that the farm supports.
 */
const films = ['test/**/*.films.test.ts', 'test/{films,hostile}/**/*.test.ts', '!test/**/*.long.test.ts'];

const quick = ['!test/**/*.{long,films}.test.ts', '!test/{faults,films,hostile}/**'];

/** Tests that run the Pulumi program, and what costs and simulations read of it. */
const program = [
  'test/infra/**/*.test.ts',
  'test/tools/{cost,simulation}/**/*.test.ts',
  'test/cli/plan/ways.test.ts',
  'test/portal/estimate.test.ts',
];

export default defineConfig({
  test: {
    // What npm says of itself changes how commands name themselves.
    env: { npm_lifecycle_event: '' },
    testTimeout: 60_000 * patience,
    hookTimeout: 60_000 * patience,
    // Three at once also on two cores (vitest's own choice is one): many tests wait for clocks, not for the processor.
    maxWorkers: 3,
    // Whole workers, encoders and browsers share a small machine there: one that was starved is tried once more.
    retry: process.env.CI ? 1 : 0,
    projects: [
      // Packages and modules are read once, not for each file, and the program is run once for each config; nothing else of a
      // file is left for the next one. None has an `exclude`, as that would replace the command line's.
      {
        extends: true,
        test: {
          name: 'program',
          include: [...program, ...quick],
          isolate: false,
          // They wait for nothing but the processor, and each worker loads Pulumi and runs the program for each config again.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'farm',
          include: ['test/**/*.test.ts', ...quick, ...program.map((glob) => `!${glob}`)],
          isolate: false,
          // They are short, and wait for clocks most of their time.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'films', include: films, isolate: false, sequence: { groupOrder: 2 } },
      },
      { extends: true, test: { name: 'long', include: long, sequence: { groupOrder: 2 } } },
    ],
  },
});
