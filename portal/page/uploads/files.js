/** Names that films come under; what browsers know as video or audio counts too. */
const filmNames =
  /\.(mp4|m4v|mov|qt|mkv|webm|avi|mpg|mpeg|ts|mts|m2ts|mxf|wmv|flv|3gp|ogv|m4a|mp3|aac|wav|flac|ogg|opus)$/i;

function isFilm({ name, type }) {
  return /^(video|audio)\//.test(type) || filmNames.test(name);
}

/**
 * The films of a choice or a drop, folders opened.
 * @param source `files`, and of a drop `items`, which give folders, and handles by which Chromium finds a file again after a reload
 * @returns films as `{ file, handle }`, and how many files are none
 */
export async function filesOf({ items, files }) {
  const found = items ? await dropped([...items], [...files]) : [...files].map((file) => ({ file }));
  const visible = found.filter(({ file }) => !file.name.startsWith('.'));
  const films = visible.filter(({ file }) => isFilm(file));
  return { films, others: visible.length - films.length };
}

/** Everything is asked of the items at once: they are gone after the event. */
async function dropped(items, files) {
  const asked = items
    .filter(({ kind }) => kind === 'file')
    .map((item, index) => ({
      entry: item.webkitGetAsEntry?.(),
      handle: item.getAsFileSystemHandle?.().catch(() => undefined),
      file: files[index],
    }));
  const found = await Promise.all(
    asked.map(async ({ entry, handle, file }) => {
      if (entry?.isDirectory) return readFolder(entry);
      return file ? [{ file, handle: await handle }] : [];
    }),
  );
  return found.flat();
}

async function readFolder(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return found;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await readFolder(entry)));
      else found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    }
  }
}

const sampleBytes = 2 ** 16;

/** Names this very version of a file: its name, length and time, and what its beginning and end hold. */
export async function fingerprintOf(file) {
  const samples = [file.slice(0, sampleBytes), file.slice(Math.max(0, file.size - sampleBytes))];
  let hash = 0x811c9dc5;
  // FNV-1a
  for (const sample of samples)
    for (const byte of new Uint8Array(await sample.arrayBuffer()))
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${file.name}|${file.size}|${file.lastModified}|${hash.toString(16)}`;
}

/** What the browser can read of a film: its length and a picture. Nothing where it can't decode it. */
export async function describe(file) {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'auto';
  try {
    video.src = url;
    await happens(video, 'loadedmetadata');
    const seconds = Number.isFinite(video.duration) ? video.duration : undefined;
    const { videoWidth: width, videoHeight: height } = video;
    if (!width) return { seconds };
    video.currentTime = Math.min((seconds ?? 0) / 10, 10);
    await happens(video, 'seeked');
    const canvas = document.createElement('canvas');
    canvas.width = 192;
    canvas.height = Math.round((192 * height) / width);
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8));
    return { seconds, width, height, picture: blob && URL.createObjectURL(blob) };
  } catch {
    return {};
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  }
}

function happens(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener('error', reject, { once: true });
    setTimeout(reject, 8000);
  });
}
