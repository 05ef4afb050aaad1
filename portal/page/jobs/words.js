import { formatBytes, formatClock, formatSeconds } from '../format.js';

/** States as people say them. */
export const stateWords = {
  queued: 'Waiting',
  running: 'Running',
  retrying: 'Retrying',
  succeeded: 'Ready',
  failed: 'Failed',
};

export function isOver({ state }) {
  return state === 'succeeded' || state === 'failed';
}

/** The name of a job's film. */
export function titleOf({ title, source, sources, id }) {
  const more = (sources?.length ?? 1) - 1;
  const clips = more > 0 ? ` and ${more} more ${more === 1 ? 'clip' : 'clips'}` : '';
  return title || (source && `${fileName(source)}${clips}`) || id;
}

/** `farm submit` and the portal add the suffix where an upload by its own name would start a second job. */
function fileName(source) {
  return (source.split('/').findLast(Boolean) ?? source).replace(/\.film$/, '');
}

/** What is worth knowing of a job in a list. */
export function factsOf({ state, film, error, progress, stage, early, attempt, maxAttempts }) {
  if (state === 'failed') return error?.message ?? 'No reason was reported.';
  if (state === 'succeeded' && film)
    return [formatClock(film.durationSeconds), largest(film), formatBytes(film.bytes)]
      .filter(Boolean)
      .join('  ·  ');
  if (state === 'retrying')
    return `Attempt ${attempt} of ${maxAttempts} failed, trying again: ${error?.message ?? 'no reason was reported.'}`;
  if (state === 'queued') return 'Waits for a worker';
  return [
    capital(stage ?? 'starting'),
    early ? 'can be watched already' : '',
    progress?.etaSeconds === undefined ? '' : `${formatSeconds(progress.etaSeconds)} to go`,
    progress?.speed ? `${progress.speed.toFixed(1)}× real time` : '',
  ]
    .filter(Boolean)
    .join('  ·  ');
}

function largest({ renditions }) {
  const [first] = renditions.filter(({ kind }) => kind === 'video').toSorted((a, b) => b.height - a.height);
  return first?.name ?? 'audio';
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
