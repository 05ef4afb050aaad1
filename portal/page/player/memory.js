const volumeKey = 'transcode-farm-volume';
const placesKey = 'transcode-farm-places';
/** Films whose place is kept. */
const maxPlaces = 100;
/** So near the beginning or the end, the film starts again. */
const edgeSeconds = 15;
const saveEveryMs = 5000;

/** Keeps volume, and where each film was left, in this browser. @param film names the film; @param start wins over the kept place */
export function remember(video, { film, start, signal }) {
  const { volume = 1, muted = false } = read(volumeKey);
  Object.assign(video, { volume, muted });
  video.addEventListener('volumechange', () =>
    write(volumeKey, { volume: video.volume, muted: video.muted }),
  );

  const seconds = start ?? read(placesKey)[film];
  if (seconds > 0)
    video.addEventListener(
      'loadedmetadata',
      () => {
        if (seconds < video.duration) video.currentTime = seconds;
      },
      { once: true },
    );
  let savedAt = 0;
  const save = () => {
    const { currentTime, duration } = video;
    if (!(duration > 0)) return;
    savedAt = Date.now();
    const places = Object.entries(read(placesKey)).filter(([name]) => name !== film);
    const isInside = currentTime > edgeSeconds && currentTime < duration - edgeSeconds;
    const kept = isInside ? [...places, [film, Math.floor(currentTime)]] : places;
    write(placesKey, Object.fromEntries(kept.slice(-maxPlaces)));
  };
  video.addEventListener('timeupdate', () => {
    if (Date.now() - savedAt > saveEveryMs) save();
  });
  for (const event of ['pause', 'ended']) video.addEventListener(event, save);
  signal.addEventListener('abort', save);
}

/** `12`, `12s`, `1m5s`, `1:05`, `1:02:03`. @returns seconds; undefined for anything else */
export function parseTime(text) {
  if (text === null || text === '') return undefined;
  if (/^\d+(:[0-5]?\d){1,2}$/.test(text))
    return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text) ?? [];
  const all = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return Number.isFinite(all) && all > 0 ? all : undefined;
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Some browsers keep nothing in private windows.
  }
}
