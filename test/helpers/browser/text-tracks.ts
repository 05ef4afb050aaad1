import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { serveFiles } from '../media/file-server.ts';

/** A subtitle track as a browser has it; times count from the film's first picture. */
export interface ShownTrack {
  name: string;
  language: string;
  /** hls.js takes forced subtitles for a kind of their own. */
  forced: boolean;
  default: boolean;
  characteristics: string;
  cues: ShownCue[];
}

export interface ShownCue {
  startSeconds: number;
  endSeconds: number;
  /** As a viewer reads it: no markup. */
  text: string;
  line: number | 'auto';
  align: string;
}

const packages = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
const hlsScript = `${packages}hls.js/dist/hls.min.js`;

const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><video muted></video><script src="${hlsScript}"></script><script>
const video = document.querySelector('video');
const troubles = [];
const hls = new Hls();
hls.on(Hls.Events.ERROR, (_, { fatal, details }) => {
  if (fatal || /subtitle|track|frag|level|manifest/i.test(details)) troubles.push(details);
});
const parsed = new Promise((resolve) => hls.on(Hls.Events.MANIFEST_PARSED, resolve));
const ready = new Promise((resolve) => video.addEventListener('canplay', resolve, { once: true }));
hls.loadSource('index.m3u8');
hls.attachMedia(video);
// A track that is the default is read from the start.
const done = new Set();
hls.on(Hls.Events.SUBTITLE_FRAG_PROCESSED, (_, { success, frag }) => {
  if (!success) troubles.push('segment ' + frag.sn);
  done.add(frag.level + ' ' + frag.sn);
});
async function read(index) {
  hls.subtitleTrack = index;
  for (;;) {
    const { details } = hls.subtitleTracks[index];
    if (details?.fragments.every(({ sn }) => done.has(index + ' ' + sn))) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { name, lang = '', forced, default: isDefault, attrs } = hls.subtitleTracks[index];
  const track = [...video.textTracks].find(({ label, mode }) => label === name && mode !== 'disabled');
  // hls.js moves a film of MPEG-TS as a whole by the delay of its B-frames, the picture as well as the cues.
  const start = video.buffered.start(0);
  const cues = [...track.cues].map((cue) => ({
    startSeconds: cue.startTime - start, endSeconds: cue.endTime - start, text: cue.getCueAsHTML().textContent, line: cue.line, align: cue.align,
  }));
  return { name, language: lang, forced, default: isDefault, characteristics: attrs.CHARACTERISTICS ?? '', cues };
}
async function readAll() {
  await parsed;
  await ready;
  const tracks = [];
  for (let index = 0; index < hls.subtitleTracks.length; index += 1) tracks.push(await read(index));
  return { tracks, troubles };
}
</script>`;

/** Loads a published film and every subtitle track of it through hls.js. @throws Error for what hls.js could not read */
export async function readTextTracks(browser: Browser, folder: string): Promise<ShownTrack[]> {
  await writeFile(join(folder, 'player.html'), page);
  await using server = await serveFiles();
  const tab = await browser.newPage();
  try {
    await tab.goto(server.url(join(folder, 'player.html')));
    const { tracks, troubles } = (await tab.evaluate('readAll()')) as {
      tracks: ShownTrack[];
      troubles: string[];
    };
    if (troubles.length > 0) throw new Error(`hls.js met ${troubles.join(', ')}.`);
    return tracks;
  } finally {
    await tab.close();
  }
}
