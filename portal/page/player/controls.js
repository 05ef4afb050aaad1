import { byId, setIcon } from '../elements.js';
import { formatClock, spokenClock } from '../format.js';
import { showKeys } from './help.js';
import { handleKey } from './keys.js';

/** How long the controls stay on a playing film when nothing moves. */
const hideAfterMs = 2500;

/** Wires buttons, sliders and keys to the video element. @param more what other parts of the player do at a key */
export function wireControls(player, video, signal, more) {
  const [play, bigPlay, mute, volume, full] = ['play', 'big-play', 'mute', 'volume', 'full'].map(byId);
  const togglePlay = () => (video.paused ? video.play().catch(() => undefined) : video.pause());

  for (const target of [play, bigPlay]) target.addEventListener('click', togglePlay);
  let wasIdle = false;
  // Before `hideWhenIdle` shows the controls again.
  video.addEventListener('pointerdown', () => {
    wasIdle = player.classList.contains('idle');
  });
  video.addEventListener('click', (event) => {
    // The first tap of a finger shows the controls.
    if (event.pointerType === 'touch' && wasIdle) return;
    togglePlay();
  });
  mute.addEventListener('click', () => {
    video.muted = !video.muted;
  });
  volume.addEventListener('input', () => {
    video.volume = Number(volume.value);
    video.muted = video.volume === 0;
  });
  full.addEventListener('click', () => toggleFull(player, video));
  video.addEventListener('dblclick', () => toggleFull(player, video));
  const keyActions = { video, togglePlay, toggleFull: () => full.click(), ...more };
  document.addEventListener('keydown', (event) => handleKey(event, keyActions), { signal });

  const showPlaying = () => {
    const [name, label] = video.ended
      ? ['again', 'Play again']
      : video.paused
        ? ['play', 'Play']
        : ['pause', 'Pause'];
    setIcon(play, name, label);
    setIcon(bigPlay, video.ended ? 'again' : 'play', video.ended ? 'Play again' : 'Play');
    bigPlay.hidden = !video.ended && (!video.paused || wasPlayed(video));
  };
  const showVolume = () => {
    const silent = video.muted || video.volume === 0;
    setIcon(mute, silent ? 'muted' : 'volume', silent ? 'Unmute' : 'Mute');
    volume.value = String(video.muted ? 0 : video.volume);
    volume.style.setProperty('--share', `${Number(volume.value) * 100}%`);
  };
  for (const event of ['play', 'pause', 'ended', 'seeked']) video.addEventListener(event, showPlaying);
  video.addEventListener('volumechange', showVolume);
  document.addEventListener(
    'fullscreenchange',
    () => {
      const small = document.fullscreenElement === null;
      setIcon(full, small ? 'full' : 'small', small ? 'Full screen' : 'Leave full screen');
    },
    { signal },
  );
  byId('keys').addEventListener('click', showKeys);
  showSpinner(video);
  hideWhenIdle(player, video);
  showPlaying();
  showVolume();
}

/** A film that begins at a later time is not played yet. */
function wasPlayed({ played }) {
  return played.length > 0;
}

/** The line under the film: where it is, what is loaded, and where one would jump to. */
export function wireSeekBar(video) {
  const [range, played, buffered, now, length] = ['seek-range', 'played', 'buffered', 'now', 'length'].map(
    byId,
  );
  let dragging = false;

  const share = (seconds) => `${(video.duration > 0 ? seconds / video.duration : 0) * 100}%`;
  const show = () => {
    const time = dragging ? Number(range.value) : video.currentTime;
    if (!dragging) range.value = String(time);
    played.style.width = share(time);
    now.textContent = formatClock(time);
    range.setAttribute('aria-valuetext', `${spokenClock(time)} of ${spokenClock(video.duration)}`);
  };
  const showBuffered = () => {
    const ranges = Array.from({ length: video.buffered.length }, (_, index) => {
      const [start, end] = [video.buffered.start(index), video.buffered.end(index)];
      const piece = document.createElement('div');
      piece.style.left = share(start);
      piece.style.width = share(end - start);
      return piece;
    });
    buffered.replaceChildren(...ranges);
  };
  range.addEventListener('pointerdown', () => {
    dragging = true;
  });
  range.addEventListener('input', () => {
    video.currentTime = Number(range.value);
    show();
  });
  range.addEventListener('change', () => {
    dragging = false;
    show();
  });
  video.addEventListener('durationchange', () => {
    range.max = String(video.duration || 0);
    length.textContent = formatClock(video.duration);
    show();
    showBuffered();
  });
  for (const event of ['timeupdate', 'seeking', 'seeked']) video.addEventListener(event, show);
  for (const event of ['progress', 'timeupdate', 'seeked']) video.addEventListener(event, showBuffered);
}

function toggleFull(player, video) {
  if (document.fullscreenElement) return document.exitFullscreen();
  // iPhones put only the video itself on the whole screen.
  if (!player.requestFullscreen) return video.webkitEnterFullscreen?.();
  return player.requestFullscreen();
}

function showSpinner(video) {
  const spinner = byId('spinner');
  let timer;
  const waiting = () => {
    clearTimeout(timer);
    // Short waits need no sign.
    timer = setTimeout(() => {
      spinner.hidden = false;
    }, 300);
  };
  const playing = () => {
    clearTimeout(timer);
    spinner.hidden = true;
  };
  for (const event of ['waiting', 'seeking']) video.addEventListener(event, waiting);
  for (const event of ['playing', 'canplay', 'seeked', 'pause', 'error'])
    video.addEventListener(event, playing);
}

function hideWhenIdle(player, video) {
  let timer;
  const wake = () => {
    player.classList.remove('idle');
    clearTimeout(timer);
    timer = setTimeout(() => {
      const busy = player.querySelector('.menu:not([hidden])') || player.querySelector(':focus-visible');
      if (!video.paused && !busy) player.classList.add('idle');
    }, hideAfterMs);
  };
  for (const event of ['pointermove', 'pointerdown', 'focusin', 'keydown'])
    player.addEventListener(event, wake);
  for (const event of ['play', 'pause']) video.addEventListener(event, wake);
  player.addEventListener('pointerleave', () => {
    if (!video.paused) wake();
  });
}
