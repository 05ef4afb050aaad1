import type { z } from 'zod';
import { ladderNames } from '../../worker/src/plan/ladder.ts';
import { expectedBy, place } from '../../worker/src/protocol/expected.ts';

/** How the command line names a part of a job, and what may stand there. */
const flags: Record<string, { flag: string; noun: string; allowed: string }> = {
  ladder: {
    flag: '--ladder',
    noun: 'a ladder',
    allowed: `Use ${ladderNames.join(', ')}, or a JSON list such as [{"rung":"720p"}].`,
  },
  outputs: {
    flag: '--outputs',
    noun: 'a list of outputs',
    allowed:
      'Use hls, mp4, webm, m4a, mp3, flac and gif, each once; mp4, webm and gif may name a rung, such as mp4:720p.',
  },
  music: {
    flag: '--music',
    noun: 'music',
    allowed:
      'Use a key in the source bucket, --music-volume from 0 to 1, and --music-duck from 0 to that volume.',
  },
  encryption: { flag: '--encryption', noun: 'a way to encrypt', allowed: 'Use none or aes-128.' },
  fit: { flag: '--fit', noun: 'a way to fit', allowed: 'Use pad or crop.' },
  size: { flag: '--size', noun: 'a size', allowed: 'Use width and height, such as 1280x720.' },
  crossfade: { flag: '--crossfade', noun: 'a length', allowed: 'Use seconds from 0.1 to 10.' },
  segmentSeconds: {
    flag: '--segment-seconds',
    noun: 'a segment length',
    allowed: 'Use a whole number of seconds from 1 to 30.',
  },
  thumbnailAt: {
    flag: '--thumbnail-at',
    noun: 'a place in the film',
    allowed: 'Use seconds from the start, such as 12.5, or a share such as 10%.',
  },
  workersPerFilm: {
    flag: '--workers',
    noun: 'a number of workers',
    allowed: 'Use a whole number from 1 to 100.',
  },
  preset: {
    flag: '--preset',
    noun: "a preset's name",
    allowed: 'Use 1 to 50 letters, digits, "_" or "-".',
  },
  webhook: {
    flag: '--webhook',
    noun: 'a web address',
    allowed: 'Use an http or https URL, such as https://example.com/hook.',
  },
  title: { flag: '--title', noun: 'a title', allowed: 'Use at most 500 characters.' },
  metadata: { flag: '--metadata', noun: 'a JSON object', allowed: `Use an object such as '{"match":7}'.` },
  id: {
    flag: '--id',
    noun: 'a job id',
    allowed: 'Use 1 to 128 letters, digits, ".", "_", "~" or "-", starting with a letter or digit.',
  },
};

/** One sentence for each option that is not valid: the value, and what is allowed. */
export function optionProblems(error: z.ZodError, job: object): string {
  const values = { ...job, ...(job as { options?: object }).options } as Record<string, unknown>;
  const problems = error.issues.map((issue) => {
    const { path } = issue;
    const part = String(path[0] === 'options' ? path[1] : path[0]);
    const known = flags[part];
    // Without a flag it came from a file.
    if (known === undefined)
      return `--options: ${place(path[0] === 'options' ? path.slice(1) : path)}${expectedBy(issue)}.`;
    return `${known.flag}: ${typed(values[part])} is not ${known.noun}. ${known.allowed}`;
  });
  return [...new Set(problems)].join('\n');
}

/** A list of words as the command line has it. */
function typed(value: unknown): string {
  const isWords = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return JSON.stringify(isWords ? value.join() : value);
}
