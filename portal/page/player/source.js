import { byId } from '../elements.js';
import { formatBitrate } from '../format.js';
import { ChoiceMenu } from './menu.js';

/**
 * Gives the film to the video element: through hls.js where Media Source Extensions are, else to the browser itself
 * (Safari on iPhones), which then chooses the quality alone.
 * @param onError called with a sentence on why nothing plays, and with a function that tries again where that may help
 * @param onLevel called with the size of the picture that is playing
 */
export function openFilm(video, url, { signal, onError, onLevel }) {
  const { Hls } = window;
  if (!Hls.isSupported()) {
    if (!video.canPlayType('application/vnd.apple.mpegurl')) {
      onError('This browser can play no HLS: it has no Media Source Extensions.');
    }
    video.src = url;
    return undefined;
  }
  // A web worker takes longer to start than a segment takes here: fMP4 goes to the video element nearly as it is.
  const hls = new Hls({ renderTextTracksNatively: false, enableWorker: false });
  lookOftenAtFirst(hls, video);
  fetchFirstAudio(hls);
  const quality = new ChoiceMenu(byId('qualities'), signal);
  const show = () => showQualities(hls, quality);
  hls.on(Hls.Events.MANIFEST_PARSED, show);
  hls.on(Hls.Events.LEVEL_SWITCHED, () => {
    show();
    const level = hls.levels[hls.currentLevel];
    if (level) onLevel({ width: level.width, height: level.height });
  });
  let recovered = false;
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
      recovered = true;
      hls.recoverMediaError();
      return;
    }
    if (type === Hls.ErrorTypes.NETWORK_ERROR) {
      onError('Connection lost.', () => {
        if (hls.levels.length === 0) hls.loadSource(url);
        else hls.startLoad(video.currentTime);
      });
      return;
    }
    hls.destroy();
    onError(`The film can't be played (${details}).`);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return hls;
}

/** Goes on with another playlist of the same film, at the same place. */
export function changeFilm(hls, video, url) {
  const seconds = video.ended ? 0 : video.currentTime;
  if (hls) {
    hls.config.startPosition = seconds;
    hls.loadSource(url);
    return;
  }
  video.src = url;
  const seek = () => {
    video.currentTime = seconds;
  };
  video.addEventListener('loadedmetadata', seek, { once: true });
}

/** From as many segments of a film that is still made on, its playlist is looked at as seldom as players do. */
const firstSegments = 3;
const lookAgainMs = 500;

/**
 * hls.js looks at a playlist once in the time of a segment: too seldom while the film has one or two. It keeps to that also where it is
 * asked to load, by a time in what it knows of the playlist.
 */
function lookOftenAtFirst(hls, video) {
  const { Events } = window.Hls;
  /** By their kind, picture or audio. To look again ends what is on its way: a slow network would never have a segment. */
  const loading = new Map();
  const ended = (_, { frag }) => {
    // By its number: a playlist that was read meanwhile has an object of its own for it.
    if (frag && loading.get(frag.type) === frag.sn) loading.delete(frag.type);
  };
  hls.on(Events.FRAG_LOADING, (_, { frag }) => loading.set(frag.type, frag.sn));
  // One that is loaded and not in the buffer yet would be loaded again.
  for (const event of [Events.FRAG_BUFFERED, Events.FRAG_LOAD_EMERGENCY_ABORTED, Events.ERROR])
    hls.on(event, ended);
  let timer;
  const look = () => {
    if (!hls.media) return;
    if (loading.size > 0) {
      timer = setTimeout(look, lookAgainMs);
      return;
    }
    // Only those that are loaded now are looked at.
    for (const { details } of [...hls.levels, ...hls.audioTracks])
      if (details) details.requestScheduled = performance.now();
    hls.startLoad(video.currentTime);
  };
  hls.on(Events.LEVEL_UPDATED, (_, { details: { live, fragments } }) => {
    clearTimeout(timer);
    if (live && fragments.length < firstSegments) timer = setTimeout(look, lookAgainMs);
  });
  hls.on(Events.DESTROYING, () => clearTimeout(timer));
}

/**
 * hls.js asks for the audio of a playlist that grows when it has read the picture's first segment. The browser has it in its cache by
 * then: nothing is shown before both are there.
 */
function fetchFirstAudio(hls) {
  hls.once(window.Hls.Events.AUDIO_TRACK_LOADED, (_, { details: { live, fragments } }) => {
    if (!live || fragments.length === 0) return;
    const [{ url, initSegment }] = fragments;
    for (const each of initSegment ? [initSegment.url, url] : [url]) void fetch(each).catch(() => undefined);
  });
}

/** Renditions are named by their short side, whatever the film's shape. */
export function levelName({ width, height, name, bitrate }) {
  if (width && height) return `${Math.min(width, height)}p`;
  return name || formatBitrate(bitrate);
}

function showQualities(hls, menu) {
  const current = hls.levels[hls.currentLevel];
  const automatic = hls.autoLevelEnabled;
  // Each picture is there once more with surround sound, which hls.js chooses by what the browser plays.
  const { audioCodec } = current ?? hls.levels[0] ?? {};
  const levels = hls.levels
    .map((level, index) => ({ level, index }))
    .filter(({ level }) => level.audioCodec === audioCodec)
    .toSorted((a, b) => b.level.bitrate - a.level.bitrate)
    .map(({ level, index }) => ({
      label: levelName(level),
      note: formatBitrate(level.bitrate),
      chosen: !automatic && hls.manualLevel === index,
      choose: () => {
        hls.nextLevel = index;
        showQualities(hls, menu);
      },
    }));
  if (levels.length < 2) return menu.show([], '');
  const auto = {
    label: 'Auto',
    note: automatic && current ? levelName(current) : '',
    chosen: automatic,
    choose: () => {
      hls.nextLevel = -1;
      showQualities(hls, menu);
    },
  };
  const chosen = levels.find((item) => item.chosen)?.label;
  menu.show([auto, ...levels], chosen ?? (current ? `Auto ${levelName(current)}` : 'Auto'));
}
