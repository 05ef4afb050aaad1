import { clipText } from '../../worker/src/protocol/clips.ts';
import { laneOf } from '../../worker/src/protocol/lanes.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';

/** The row of table `jobs` that says what the state says. */
export function jobRow(state: JobState) {
  const { progress, error, film, timings } = state;
  return {
    id: text(state.id),
    source: text(state.source),
    sources: state.sources?.map((clip) => text(clipText(clip))) ?? null,
    title: state.title === undefined ? null : text(state.title),
    lane: laneOf(state),
    batch: state.batch?.id ?? null,
    batch_jobs: state.batch?.jobs ?? null,
    metadata: state.metadata === undefined ? null : JSON.stringify(clean(state.metadata)),
    state: state.state,
    attempt: state.attempt,
    max_attempts: state.maxAttempts,
    sequence: state.sequence ?? 0,
    stage: state.stage ?? null,
    percent: progress?.percent ?? null,
    frames_per_second: progress?.framesPerSecond ?? null,
    encoding_speed: progress?.speed ?? null,
    eta_seconds: progress?.etaSeconds ?? null,
    published_bytes: progress?.publishedBytes ?? null,
    published_segments: progress?.publishedSegments ?? null,
    error_code: error?.code ?? null,
    error_message: error === undefined ? null : text(error.message),
    warnings: state.warnings.map(text),
    plan: film?.plan ?? null,
    playlist: film?.playlist ?? null,
    url: film?.url ?? null,
    encoder: film?.encoder ?? null,
    duration_seconds: film?.durationSeconds ?? null,
    bytes: film?.bytes ?? null,
    measured_metric: film?.measured?.metric ?? null,
    measured_mean: film?.measured?.mean ?? null,
    wait_seconds: timings.waitSeconds ?? null,
    probe_seconds: timings.probeSeconds ?? null,
    encode_seconds: timings.encodeSeconds ?? null,
    publish_seconds: timings.publishSeconds ?? null,
    total_seconds: timings.totalSeconds ?? null,
    speed: timings.speed ?? null,
    worker: state.worker ?? null,
    queued_at: state.queuedAt,
    started_at: state.startedAt ?? null,
    finished_at: state.finishedAt ?? null,
    updated_at: state.updatedAt,
  };
}

/** Rows of table `media_assets` of a film that is done. */
export function assetRows({ id, film, finishedAt, updatedAt }: JobState) {
  if (film === undefined) return [];
  const created_at = finishedAt ?? updatedAt;
  const none = {
    width: null,
    height: null,
    frame_rate: null,
    codecs: null,
    language: null,
    bandwidth: null,
    average_bandwidth: null,
    bytes: null,
    segments: null,
    duration_seconds: null,
  };
  const base = { job_id: id, created_at, ...none };
  // Where the film is files alone, its renditions are in them.
  const streams = film.renditions.flatMap(({ playlist: key, ...rest }) =>
    key === undefined ? [] : [{ ...rest, key }],
  );
  return [
    ...(film.playlist === undefined
      ? []
      : [
          {
            ...base,
            name: 'film',
            kind: 'film',
            key: film.playlist,
            bytes: film.bytes,
            duration_seconds: film.durationSeconds,
          },
        ]),
    ...streams.map((rendition) => ({
      ...base,
      name: rendition.name,
      kind: rendition.kind,
      key: rendition.key,
      width: rendition.width ?? null,
      height: rendition.height ?? null,
      frame_rate: rendition.frameRate ?? null,
      codecs: rendition.codecs,
      language: rendition.language ?? null,
      bandwidth: rendition.bandwidth,
      average_bandwidth: rendition.averageBandwidth,
      bytes: rendition.bytes,
      segments: rendition.segments,
      duration_seconds: film.durationSeconds,
    })),
    ...(film.poster === undefined ? [] : [{ ...base, name: 'poster', kind: 'poster', key: film.poster }]),
    ...(film.storyboard === undefined
      ? []
      : [{ ...base, name: 'storyboard', kind: 'storyboard', key: film.storyboard }]),
    ...(film.files ?? []).map(({ name, key, bytes }) => ({ ...base, name, kind: 'file', key, bytes })),
  ];
}

/** Postgres keeps neither NUL nor half a surrogate pair, and names from outside may hold one. */
function text(value: string): string {
  return value.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), clean(inner)]));
}
