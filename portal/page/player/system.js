import { byId } from '../elements.js';

/** Keys of keyboards and headsets, and what the system shows of what plays: Media Session (W3C). */
export function wireMediaSession(video, { title, poster, signal }) {
  const { mediaSession } = navigator;
  if (!mediaSession) return;
  const jump = (seconds) => {
    video.currentTime = Math.min(Math.max(video.currentTime + seconds, 0), video.duration || 0);
  };
  const actions = {
    play: () => video.play(),
    pause: () => video.pause(),
    stop: () => video.pause(),
    seekbackward: ({ seekOffset = 10 }) => jump(-seekOffset),
    seekforward: ({ seekOffset = 10 }) => jump(seekOffset),
    seekto: ({ seekTime }) => {
      video.currentTime = seekTime;
    },
  };
  const set = (handlers) => {
    for (const name of Object.keys(actions)) {
      try {
        mediaSession.setActionHandler(name, handlers[name] ?? null);
      } catch {
        // Not every browser knows every action.
      }
    }
  };
  const artwork = poster ? [{ src: new URL(poster, location.href).href, type: 'image/jpeg' }] : [];
  mediaSession.metadata = new MediaMetadata({ title, artwork });
  set(actions);
  const showPlace = () => {
    const { duration, currentTime: position, playbackRate } = video;
    if (Number.isFinite(duration) && position <= duration)
      mediaSession.setPositionState?.({ duration, position, playbackRate });
  };
  for (const event of ['durationchange', 'seeked', 'ratechange', 'play', 'pause'])
    video.addEventListener(event, showPlace);
  signal.addEventListener('abort', () => {
    set({});
    mediaSession.metadata = null;
  });
}

/** A small window above all others, where the browser has one. @returns opens or closes it */
export function wirePictureInPicture(video, isAudio) {
  const button = byId('picture-in-picture');
  const isPossible = document.pictureInPictureEnabled === true && !isAudio;
  button.hidden = !isPossible;
  const toggle = async () => {
    if (!isPossible) return;
    if (document.pictureInPictureElement === video) return document.exitPictureInPicture();
    // Refused until the film has a picture.
    await video.requestPictureInPicture().catch(() => undefined);
  };
  button.addEventListener('click', toggle);
  for (const [event, isOpen] of [
    ['enterpictureinpicture', true],
    ['leavepictureinpicture', false],
  ])
    video.addEventListener(event, () => button.setAttribute('aria-pressed', String(isOpen)));
  return toggle;
}
