import { wireControls, wireSeekBar } from './controls.js';
import { byId, element, filmUrl } from './elements.js';
import { wirePreview } from './preview.js';
import { markPlaying, showQueued, showReport } from './report.js';
import { openFilm } from './source.js';

/** How often a job that is not over is asked for. */
const pollMs = 1000;

const jobId = new URLSearchParams(location.search).get('job');
if (jobId) await follow(jobId);
else fail('The address names no job. It ends in ?job=ID.');

/** Shows the job as it goes on, and the film when there is one. */
async function follow(id) {
  const job = await readJob(id);
  // A queued job has no status yet.
  if (job === 'none') showQueued(id);
  else if (job) showReport(job);
  if (job?.state === 'succeeded' && job.film) return play(job.film);
  if (job?.state !== 'failed') setTimeout(follow, pollMs, id);
}

/** The job's status; `none` where it has none yet, undefined where the server did not answer. */
async function readJob(id) {
  try {
    const response = await fetch(filmUrl(`${id}/status.json`), { cache: 'no-store' });
    if (response.ok) return await response.json();
    return response.status === 404 ? 'none' : undefined;
  } catch {
    return undefined;
  }
}

function play(film) {
  const player = byId('player');
  const video = byId('video');
  const sound = film.renditions.every(({ kind }) => kind === 'audio');
  const first = film.renditions.find(({ kind }) => kind === 'video');
  player.hidden = false;
  player.classList.toggle('sound', sound);
  byId('preview-picture').hidden = !sound;
  if (first) player.style.setProperty('--shape', String(first.width / first.height));
  if (film.poster) video.poster = filmUrl(film.poster);
  wireControls(player, video);
  wireSeekBar(video);
  void wirePreview(video, film.storyboard && filmUrl(film.storyboard));
  const hls = openFilm(video, filmUrl(film.playlist), { onError: playerError, onLevel: markPlaying });
  // For those who open the browser's console, and for tests.
  Object.assign(window, { player: { hls, video } });
}

function playerError(message, retry) {
  const error = byId('player-error');
  const button = element('button', { type: 'button', text: 'Retry' });
  button.addEventListener('click', () => {
    error.hidden = true;
    retry();
  });
  error.replaceChildren(element('span', { text: message }), ...(retry ? [button] : []));
  error.hidden = false;
  byId('spinner').hidden = true;
  byId('big-play').hidden = true;
}

function fail(message) {
  byId('failure').hidden = false;
  byId('failure-title').textContent = 'Nothing to show';
  byId('failure-message').textContent = message;
}
