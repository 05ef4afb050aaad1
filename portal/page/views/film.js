import { ApiProblem, api } from '../api.js';
import { byId, element } from '../elements.js';
import { showActions } from '../film/actions.js';
import { showAddresses } from '../film/addresses.js';
import { NextLook } from '../film/next-look.js';
import { markPlaying, showQueued, showReport } from '../film/report.js';
import { titleOf } from '../jobs/words.js';
import { wireAudio } from '../player/audio.js';
import { wireCaptions } from '../player/captions.js';
import { wireControls, wireSeekBar } from '../player/controls.js';
import { parseTime, remember } from '../player/memory.js';
import { wirePreview } from '../player/preview.js';
import { changeFilm, openFilm } from '../player/source.js';
import { wireSpeed } from '../player/speed.js';
import { wireMediaSession, wirePictureInPicture } from '../player/system.js';
import { poll } from '../poll.js';

/** A job as it goes on, and its film when there is one. @param job address of the job in the API */
export function showFilm({ signal, go, job: address, id, isShared = false }) {
  byId('back').hidden = isShared;
  /** What the player was given. */
  let playing;
  const nextLook = new NextLook();
  /** The job as it is drawn: most answers say nothing new, and a film may be encoded on this very machine. */
  let drawn;
  const draw = (job) => {
    const text = JSON.stringify(job);
    if (text !== drawn) showReport(job);
    drawn = text;
  };
  const ask = async () => {
    const job = await readJob(address, signal);
    if (signal.aborted) return undefined;
    if (job instanceof ApiProblem && job.code !== 'no-such-job') return fail(job.message);
    if (job instanceof ApiProblem) {
      showQueued(id ?? 'Film');
      drawn = undefined;
    } else if (job) {
      draw(job);
      if (!isShared) showActions(job, { go, signal, refresh: follow });
    }
    const isWhole = job?.state === 'succeeded' && job.film?.playlist;
    if (isWhole && playing?.goOver) playing.goOver(job);
    else if (isWhole && !playing) playing = play(job, job.film, { signal, isShared });
    // The film of an earlier request is not what is made now.
    else if (job?.state === 'running' && job.early && !playing)
      playing = playEarly(job, { signal, isShared });
    if (job?.state === 'succeeded' || job?.state === 'failed') return undefined;
    return nextLook.after(job, { isPlaying: playing !== undefined, nowMs: performance.now() });
  };
  const follow = () => void poll(signal, ask);
  follow();
}

/** Undefined where the portal did not answer. */
async function readJob(address, signal) {
  try {
    return await api.get(address, { signal });
  } catch (error) {
    return error instanceof ApiProblem ? error : undefined;
  }
}

/** A film that is still made: nothing is known of it but its address. @returns goes over to the whole film */
function playEarly(job, { signal, isShared }) {
  const { hls, video, setRenditions } = play(
    job,
    { ...job.early, renditions: [] },
    { signal, isShared: true },
  );
  const showLength = (isGrowing) => {
    byId('so-far').hidden = !isGrowing;
  };
  showLength(true);
  const showOwnShape = () => showShape({ width: video.videoWidth, height: video.videoHeight });
  video.addEventListener('loadedmetadata', showOwnShape, { once: true });
  let whole;
  const change = (event) => {
    // At its end a film pauses first, and would never say that it has ended.
    const isEnding = video.ended && event?.type === 'pause';
    if (whole && video.paused && !isEnding) {
      changeFilm(hls, video, whole.film.playlist);
      whole = undefined;
    }
  };
  for (const event of ['pause', 'ended']) video.addEventListener(event, change, { signal });
  const goOver = (done) => {
    // While it plays it goes on with what it has: subtitles come with the next pause.
    whole = done;
    playing.goOver = undefined;
    showLength(false);
    if (done.film.poster) video.poster = done.film.poster;
    void wirePreview(video, done.film.storyboard);
    setRenditions(done.film.renditions);
    if (!isShared) showAddresses(done);
    change();
  };
  const playing = { goOver };
  return playing;
}

function play(job, film, { signal, isShared }) {
  const player = byId('player');
  const video = byId('video');
  const sound = film.renditions.length > 0 && film.renditions.every(({ kind }) => kind === 'audio');
  const first = film.renditions.find(({ kind }) => kind === 'video');
  player.hidden = false;
  showShape(sound ? { width: 0 } : first);
  if (film.poster) video.poster = film.poster;
  const start = parseTime(new URLSearchParams(location.search).get('t'));
  remember(video, { film: `${job.id}/${film.plan}`, start, signal });
  let toggleCaptions;
  wireControls(player, video, signal, {
    changeSpeed: wireSpeed(video, signal),
    togglePictureInPicture: wirePictureInPicture(video, sound),
    toggleCaptions: () => toggleCaptions?.(),
  });
  wireMediaSession(video, { title: titleOf(job), poster: film.poster, signal });
  wireSeekBar(video);
  void wirePreview(video, film.storyboard);
  const hls = openFilm(video, film.playlist, { signal, onError: playerError, onLevel: markPlaying });
  toggleCaptions = wireCaptions(hls, video, signal);
  const setRenditions = wireAudio(hls, video, signal);
  setRenditions(film.renditions);
  if (!isShared) showAddresses(job);
  signal.addEventListener('abort', () => {
    hls?.destroy();
    video.removeAttribute('src');
    video.load();
  });
  // For those who open the browser's console, and for tests.
  Object.assign(window, { player: { hls, video } });
  return { hls, video, setRenditions };
}

/** @param picture of width 0 where the film is audio alone; undefined where it is not known */
function showShape(picture) {
  const player = byId('player');
  const isSound = picture?.width === 0;
  player.classList.toggle('sound', isSound);
  byId('preview-picture').hidden = !isSound;
  if (picture && !isSound) player.style.setProperty('--shape', String(picture.width / picture.height));
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
  byId('title').textContent = 'No film here';
  return undefined;
}
