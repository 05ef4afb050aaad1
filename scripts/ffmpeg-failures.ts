/**
 * Tests that fail with a version of ffmpeg other than the machine's, by their full names as vitest prints them, each with its
 * reason: faults that are known and not mended yet. `.ci/run` names them.
 */
export const notYetRight: Record<string, Record<string, string>> = {};
