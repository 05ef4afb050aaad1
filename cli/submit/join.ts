import { maxClips } from '../../worker/src/protocol/clips.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import { UserError } from '../errors.ts';
import type { Farm } from '../farm/farm.ts';
import type { NamedClip } from './clip-names.ts';
import { type Film, type Place, placeFilm, validJob, type Wanted } from './film.ts';
import type { UploadFilter } from './uploads.ts';

/** A film that was named, and the stretch of it that is wanted. */
export type FoundClip = Omit<NamedClip, 'name'> & { film: Film };

/** Clips that become one film, by one job. */
export interface JoinedFilm {
  kind: 'joined';
  name: string;
  /** Where each clip's film is or is to go, each once. */
  places: Place[];
  /** @param versions of the places that are uploaded, in their order */
  job: (versions: ReadonlyMap<Place, string>) => Job;
}

/**
 * Plans one job of several clips, or of a stretch of one film.
 * @throws UserError
 */
export async function planJoined(
  clips: readonly FoundClip[],
  farm: Farm,
  filters: readonly UploadFilter[],
  { id, jobOptions }: Wanted,
): Promise<JoinedFilm> {
  if (clips.length > maxClips) {
    throw new UserError(
      `These are ${clips.length} clips, and a film has at most ${maxClips}. Join some of them first, and submit what comes out.`,
    );
  }
  const names = [...new Set(clips.map(({ film }) => film.name))];
  const films = names.flatMap((name) => clips.find(({ film }) => film.name === name)?.film ?? []);
  const places = await Promise.all(films.map((film) => placeFilm(film, farm, filters, true)));
  const job: JoinedFilm['job'] = (versions) => {
    const sources = clips.map(({ film, ...range }) => {
      const place = places[names.indexOf(film.name)];
      return { source: place?.source ?? film.name, ...range };
    });
    const known = places.map((place) => versions.get(place) ?? place.version ?? '');
    const first = sources[0]?.source ?? '';
    return validJob({
      id: id ?? eventJobId('', first, JSON.stringify([sources, known])),
      sources,
      ...jobOptions,
    });
  };
  job(new Map());
  return { kind: 'joined', name: names.join(' + '), places, job };
}
