import { z } from 'zod';
import { filmSchema, type JobState, jobStateSchema } from '../../../worker/src/protocol/status.ts';

/** A job as the API gives it: its state, with addresses in the place of the bucket's keys. */
export const jobViewSchema = jobStateSchema.extend({
  film: filmSchema
    .extend({
      playlist: z
        .string()
        .optional()
        .describe(
          'Address of the multivariant playlist, relative to this host; none where the film is files alone',
        ),
    })
    .optional(),
});

export type JobView = z.infer<typeof jobViewSchema>;

/**
 * @param films where the job's files are served, such as `/api/films/ID`
 * @param nowMs what is left of a time is what is left now: a page's clock may not be right
 */
export function jobView(
  reported: JobState,
  outputPrefix: string,
  films: string,
  nowMs = Date.now(),
): JobView {
  const state = withoutElapsed(reported, nowMs);
  const { film, early } = state;
  const prefix = `${outputPrefix}${state.id}/`;
  const address = (key: string) =>
    `${films}/${(key.startsWith(prefix) ? key.slice(prefix.length) : key).split('/').map(encodeURIComponent).join('/')}`;
  const view = early ? { ...state, early: { ...early, playlist: address(early.playlist) } } : state;
  if (film === undefined) return view;
  return {
    ...view,
    film: {
      ...film,
      ...(film.playlist !== undefined && { playlist: address(film.playlist) }),
      ...(film.manifest !== undefined && { manifest: address(film.manifest) }),
      ...(film.files && { files: film.files.map((each) => ({ ...each, key: address(each.key) })) }),
      ...(film.subtitles && {
        subtitles: film.subtitles.map((each) => ({
          ...each,
          playlist: address(each.playlist),
          file: address(each.file),
        })),
      }),
      renditions: film.renditions.map((each) => ({
        ...each,
        ...(each.playlist !== undefined && { playlist: address(each.playlist) }),
      })),
      ...(film.poster !== undefined && { poster: address(film.poster) }),
      ...(film.storyboard !== undefined && { storyboard: address(film.storyboard) }),
    },
  };
}

function withoutElapsed(state: JobState, nowMs: number): JobState {
  const { progress, updatedAt } = state;
  if (progress?.playableInSeconds === undefined) return state;
  const elapsedSeconds = Math.max(0, nowMs - Date.parse(updatedAt)) / 1000;
  const playableInSeconds = Math.max(0, Math.round((progress.playableInSeconds - elapsedSeconds) * 10) / 10);
  return { ...state, progress: { ...progress, playableInSeconds } };
}

/** What a person with a share link sees: the film, and nothing of where it came from. */
export function sharedView({ id, title, state, progress, early, film, source, ...rest }: JobView): JobView {
  const { attempt, maxAttempts, queuedAt, updatedAt } = rest;
  return {
    ...{ id, title: title ?? fileName(source), state, progress, early, film, source: '' },
    ...{ attempt, maxAttempts, queuedAt, updatedAt, warnings: [], timings: {} },
  };
}

/** The name that a film came with; the suffix keeps its upload from starting a second job. */
export function fileName(source: string): string {
  return (source.split('/').findLast(Boolean) ?? source).replace(/\.film$/, '');
}
