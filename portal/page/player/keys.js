import { showKeys } from './help.js';

/** Keys of the player, the ones that players on the web share. */
export function handleKey(event, player) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // What is typed into a field, or chosen in a dialog, is not for the player.
  if (event.target.closest?.('dialog, select, textarea, input:not([type=range])')) return;
  // On a button, space and enter press it.
  if (event.key === ' ' && event.target instanceof HTMLButtonElement) return;
  // A slider that has the focus keeps its arrow keys, except for the seek bar, whose keys are the player's.
  const isSlider = event.target instanceof HTMLInputElement && event.target.id !== 'seek-range';
  if (isSlider && /^(Arrow|Home|End|Page)/.test(event.key)) return;
  const action = actionFor(event.key, player);
  if (!action) return;
  event.preventDefault();
  action();
}

/** While it is paused, a picture of 30 a second. */
const frameSeconds = 1 / 30;

function actionFor(
  key,
  { video, togglePlay, toggleFull, togglePictureInPicture, toggleCaptions, changeSpeed },
) {
  const jump = (seconds) => () => {
    video.currentTime = Math.min(Math.max(video.currentTime + seconds, 0), video.duration || 0);
  };
  const step = (seconds) => () => {
    if (video.paused) jump(seconds)();
  };
  const louder = (step) => () => {
    video.muted = false;
    video.volume = Math.min(Math.max(video.volume + step, 0), 1);
  };
  if (/^\d$/.test(key)) {
    return () => {
      video.currentTime = ((video.duration || 0) * Number(key)) / 10;
    };
  }
  return {
    ' ': togglePlay,
    k: togglePlay,
    f: toggleFull,
    m: () => {
      video.muted = !video.muted;
    },
    p: togglePictureInPicture,
    c: toggleCaptions,
    '<': () => changeSpeed(-1),
    '>': () => changeSpeed(1),
    ',': step(-frameSeconds),
    '.': step(frameSeconds),
    '?': showKeys,
    j: jump(-10),
    l: jump(10),
    ArrowLeft: jump(-5),
    ArrowRight: jump(5),
    ArrowUp: louder(0.05),
    ArrowDown: louder(-0.05),
    Home: jump(Number.NEGATIVE_INFINITY),
    End: jump(Number.POSITIVE_INFINITY),
  }[key];
}
