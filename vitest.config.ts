import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Whole workers, encoders and browsers share a small machine there: one that was starved is tried once more.
    retry: process.env.CI ? 1 : 0,
  },
});
