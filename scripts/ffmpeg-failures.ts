const colours = {
  'colours come out as they went in, in 8 bits and 4:2:0 > from full range':
    'ffmpeg 7 and later keep the full range of a full-range film',
  'colours come out as they went in, in 8 bits and 4:2:0 > from fields, joined to whole frames':
    'ffmpeg 7 and later show another field of the first frame',
};

/**
 * Tests that fail with a version of ffmpeg other than the machine's, by their full names as vitest prints them, each with its
 * reason: faults that are known and not mended yet. `.ci/run` names them.
 */
export const notYetRight: Record<string, Record<string, string>> = { '7.1': colours, '9.0': colours };
