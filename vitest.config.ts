import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two at once also on two cores (vitest's own choice is one): many tests wait for clocks, not for the processor.
    maxWorkers: 2,
    // Whole workers, encoders and browsers share a small machine there: one that was starved is tried once more.
    retry: process.env.CI ? 1 : 0,
  },
});
