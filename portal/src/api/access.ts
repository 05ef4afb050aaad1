import { type JobOptions, jobIdSchema } from '../../../worker/src/protocol/job.ts';
import type { Person } from '../auth/person.ts';
import { Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ownFilmsOnly' | 'owners'>;

/** Every path that begins so is of one job, whatever follows: a new route needs no word of its own to be guarded. */
const ofOneJob = /^\/api\/(jobs|films)\/\{id\}/;

/**
 * Whether a person may call a route, where people see only their own films. Films of others do not exist for them: the answer is
 * the same as for a film that there is not.
 * @throws Problem
 */
export async function assertMay(
  needs: Needs,
  { path, isForAdmins }: Pick<Route, 'path' | 'isForAdmins'>,
  id: string | undefined,
  viewer: Person | undefined,
): Promise<void> {
  const owner = onlyOwner(needs, viewer);
  if (owner === undefined) return;
  if (isForAdmins) throw new Problem(403, 'admins-only', 'Only administrators of this portal may do that.');
  if (!ofOneJob.test(path)) return;
  const parsed = jobIdSchema.safeParse(id);
  if (!parsed.success || (await needs.owners.of(parsed.data)) !== owner) throw noSuchJob(id);
}

/** Whose films alone a person sees; undefined for all. @throws Problem where the session names no one */
export function onlyOwner(
  { ownFilmsOnly }: Pick<Services, 'ownFilmsOnly'>,
  viewer: Person | undefined,
): string | undefined {
  if (viewer === undefined) throw new Problem(401, 'not-signed-in', 'Sign in first.');
  if (!ownFilmsOnly || viewer.isAdmin) return undefined;
  if (viewer.owner === undefined)
    throw new Problem(
      403,
      'no-owner',
      'This session names nobody whose films could be shown. Sign in again.',
    );
  return viewer.owner;
}

/** Options that read nothing but the film; a new one is not among them until somebody has thought of it. */
const ofTheFilmAlone: ReadonlySet<string> = new Set<keyof JobOptions>([
  'crossfade',
  'early',
  'encryption',
  'expectedViews',
  'fit',
  'force',
  'include480p',
  'keepSource',
  'ladder',
  'lane',
  'loudness',
  'measure',
  'minVmaf',
  'outputs',
  'overlays',
  'preset',
  'quality',
  'segmentSeconds',
  'size',
  'thumbnailAt',
  'workersPerFilm',
]);

/**
 * Refuses what would lead to files or jobs of others, where people see only their own: subtitles and images by their keys, a
 * batch by its name.
 * @throws Problem
 */
export function assertOwnOptions(
  services: Pick<Services, 'ownFilmsOnly'>,
  viewer: Person | undefined,
  options: JobOptions = {},
): void {
  if (onlyOwner(services, viewer) === undefined) return;
  const names = Object.keys(options).filter((name) => !ofTheFilmAlone.has(name));
  if (options.overlays?.some(({ image }) => image !== undefined)) names.push('overlays.image');
  if (names.length === 0) return;
  throw new Problem(
    403,
    'admins-only',
    `options.${names.join(', options.')}: only administrators of this portal may name files and jobs that can be of others. Leave it out.`,
  );
}

export function noSuchJob(id: string | undefined): Problem {
  return new Problem(404, 'no-such-job', `There is no job ${JSON.stringify(id)}.`);
}
