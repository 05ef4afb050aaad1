import type { Plan } from '../../worker/src/plan/plan.ts';

/** Requests that a worker sends to storage for a film, without those that are tried again. */
export interface FilmRequests {
  /** PUT and LIST at the output, but for `status`. */
  writes: number;
  /** PUT of status.json, one every two seconds. */
  status: number;
  /** PUT and LIST by which workers share the film's parts, where several may make it. */
  leases: number;
  /** GET and HEAD at the output. */
  outputReads: number;
  /** GET and HEAD at the source. */
  sourceReads: number;
}

/** Files above this go up in parts of this size (`partBytes` in worker/src/storage/s3-store.ts). */
const uploadPartBytes = 8 * 2 ** 20;
/** The source is read in blocks of this size (`blockBytes` in worker/src/source/server.ts). */
const sourceBlockBytes = 2 * 2 ** 20;
/** ffmpeg reads the film's index again for each part, and goes back to the keyframe before it: so many blocks. An estimate. */
const blocksBeforePart = 5;
/** Objects on a page of a listing. */
const pageObjects = 1000;
/** Between two reports of progress (`intervalMs` in worker/src/report/reporter.ts). */
const reportSeconds = 2;
/** Between two looks of a worker at stop.json (`stopLookSeconds` in worker/src/main.ts). */
const stopLookSeconds = 5;
/** A claim, and a look at the film for the next part: records and leases (worker/src/film/session/shared-session.ts). */
const writesOfPart = 3;
/** Between two renewals of a lease, at the default visibility timeout (worker/src/film/session/held-leases.ts). */
const renewalSeconds = 30;
/** Between two looks of the status reporter, each two listings (worker/src/film/session/status-reporter.ts). */
const statusLookSeconds = 10;
const writesOfStatusLook = 2;

/** What of a film is not in its plan. */
export interface FilmJob {
  sourceBytes: number;
  /** Seconds of work, of all workers together; counted as if one after another, which is the most requests. */
  workSeconds: number;
  /** Several workers may make it. */
  isShared: boolean;
}

/** Follows the plan as worker/src/encode, worker/src/film and worker/src/publish do. */
export function countRequests(plan: Plan, { sourceBytes, workSeconds, isShared }: FilmJob): FilmRequests {
  const puts = countPuts(plan);
  // What is there before assembly and in clean-up; records before the work and after it.
  const listings = 2 * Math.ceil(countObjects(plan) / pageObjects) + 2;
  const blocks = Math.ceil(sourceBytes / sourceBlockBytes);
  const renewals = Math.ceil(workSeconds / renewalSeconds);
  const statusLooks = writesOfStatusLook * Math.ceil(workSeconds / statusLookSeconds);
  const passes = Number(plan.video !== undefined) + Number(plan.audio.length > 0);
  return {
    writes: puts + listings,
    status: Math.ceil(workSeconds / reportSeconds),
    leases: isShared ? writesOfPart * plan.parts.length + renewals + statusLooks : 0,
    // Each record at the end, where the film is shared once more and each renewed lease by the status reporter; a finished
    // film and an earlier state before; and stop.json all the time.
    outputReads:
      plan.parts.length +
      (isShared ? plan.parts.length + renewals : 0) +
      2 +
      Math.ceil(workSeconds / stopLookSeconds),
    sourceReads: passes * blocks + plan.parts.length * blocksBeforePart + 1,
  };
}

/** PUTs of everything but status.json; a segment in several parts counts as those, their beginning and their end. */
export function countPuts(plan: Plan): number {
  const { parts, video, audio, segmentSeconds } = plan;
  const segmentPuts = (bitrate: number) => {
    const bytes = (bitrate * segmentSeconds) / 8;
    return bytes > uploadPartBytes ? Math.ceil(bytes / uploadPartBytes) + 2 : 1;
  };
  const media = parts.reduce((sum, part) => {
    const renditions = part.kind === 'video' ? (video?.renditions ?? []) : audio;
    const segments = part.segmentCuts.length + 1;
    const each = renditions.map(({ bitrate }) => segments * segmentPuts(bitrate));
    return sum + each.reduce((all, one) => all + one, 0);
  }, 0);
  return media + inits(plan) + pictures(plan) + parts.length + playlists(plan);
}

/** An init segment for each rendition: the first part writes it, and the others find it there. */
function inits({ segmentFormat, video, audio }: Plan): number {
  return segmentFormat === 'fmp4' ? (video?.renditions.length ?? 0) + audio.length : 0;
}

function pictures({ video, parts, durationSeconds }: Plan): number {
  if (!video) return 0;
  const { intervalSeconds, columns, rows } = video.storyboard;
  const sheets = parts.map((part) => {
    if (part.kind !== 'video') return 0;
    const seconds = (part.endSeconds ?? durationSeconds) - part.startSeconds;
    return Math.ceil(Math.ceil(seconds / intervalSeconds) / (columns * rows));
  });
  const poster = 1;
  return sheets.reduce<number>((sum, count) => sum + count, poster);
}

/** Media playlists, those of I-frames, storyboard.vtt, film.json, the manifest of fMP4, and the multivariant playlist. */
function playlists({ video, audio, segmentFormat }: Plan): number {
  const renditions = video?.renditions.length ?? 0;
  return 2 * renditions + audio.length + (video ? 1 : 0) + (segmentFormat === 'fmp4' ? 1 : 0) + 2;
}

/** As many as there are names. */
function countObjects(plan: Plan): number {
  const { parts, video, audio } = plan;
  const segments = (kind: 'video' | 'audio') =>
    parts
      .filter((part) => part.kind === kind)
      .reduce((sum, { segmentCuts }) => sum + segmentCuts.length + 1, 0);
  const renditions = video?.renditions.length ?? 0;
  return (
    renditions * segments('video') +
    audio.length * segments('audio') +
    inits(plan) +
    pictures(plan) +
    parts.length +
    playlists(plan)
  );
}
