import type { z } from 'zod';
import { ladderNames } from '../../worker/src/plan/ladder.ts';
import { expectedBy, place } from '../../worker/src/protocol/expected.ts';
import { clip } from '../text/style.ts';

/** How the command line names a part of a job, and what may stand there. */
interface Flag {
  flag: string;
  noun: string;
  /** Where the schema's own words are not enough. */
  allowed?: string;
}

const flags: Record<string, Flag> = {
  quality: { flag: '--quality', noun: 'a quality' },
  expectedViews: {
    flag: '--expected-views',
    noun: 'a number of views',
    allowed: 'Use a whole number, such as 100.',
  },
  measure: { flag: '--measure', noun: 'a metric' },
  minVmaf: { flag: '--min-vmaf', noun: 'a VMAF', allowed: 'Use a number from 1 to 100.' },
  loudness: {
    flag: '--loudness',
    noun: 'a loudness',
    allowed: 'Use LUFS from -31 to -9, such as -16, or off.',
  },
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
  'music.source': { flag: '--music', noun: 'music', allowed: 'Use a key in the source bucket, or a URL.' },
  'music.volume': { flag: '--music-volume', noun: 'a volume', allowed: 'Use a number from 0 to 1.' },
  'music.duck': {
    flag: '--music-duck',
    noun: 'a volume',
    allowed: 'Use a number from 0 to that of --music-volume, which is 1 where it is left out.',
  },
  encryption: { flag: '--encryption', noun: 'a way to encrypt' },
  fit: { flag: '--fit', noun: 'a way to fit' },
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
    allowed: 'Use a whole number from 1 to 1000.',
  },
  preset: { flag: '--preset', noun: "a preset's name" },
  lane: { flag: '--lane', noun: 'a lane' },
  'batch.id': { flag: '--batch', noun: "a batch's name" },
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

/**
 * One sentence for each option that is not valid: where it was given, the value, and what is allowed.
 * @param typed the job's options that flags gave; the others came from the file of `--options`
 */
export function optionProblems(error: z.ZodError, job: object, typed: object = {}): string {
  const problems = error.issues.map((issue) => {
    const [part, ...inside] = issue.path[0] === 'options' ? issue.path.slice(1) : issue.path;
    const name = String(part ?? '');
    const isTyped = issue.path[0] !== 'options' || name in typed;
    const path = flags[name] === undefined ? [name, String(inside[0])] : [name];
    const known = isTyped ? flags[path.join('.')] : undefined;
    if (known === undefined)
      return `--options: ${place(part === undefined ? [] : [part, ...inside])}${expectedBy(issue)}.`;
    const value = path.reduce(partOf, { ...job, ...typed });
    // Which of its rungs is wrong, and how.
    if (name === 'ladder' && typeof value !== 'string') return `${known.flag}: ${expectedBy(issue)}.`;
    const allowed = known.allowed ?? `${expectedBy(issue).replace(/^expected/, 'Use')}.`;
    return `${known.flag}: ${shown(value)} is not ${known.noun}. ${allowed}`;
  });
  return [...new Set(problems)].join('\n');
}

function partOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[name];
}

/** As the command line has it. */
function shown(value: unknown): string {
  const isWords = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
  return clip(JSON.stringify(isWords ? value.join() : value), 80);
}
