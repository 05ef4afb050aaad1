import { byId } from '../elements.js';
import { formatClock } from '../format.js';
import { parseStoryboard, showTile, tileAt } from './storyboard.js';

/** Width of a picture over the seek bar, in pixels. */
const pictureWidth = 192;

/** Shows over the seek bar what the film shows at the time under the pointer. @param url the storyboard, if there is one */
export async function wirePreview(video, url) {
  const [seek, thumbnail, picture, time, hovered] = [
    'seek',
    'thumbnail',
    'thumbnail-picture',
    'thumbnail-time',
    'hovered',
  ].map(byId);
  const tiles = url ? await loadTiles(url) : [];
  picture.hidden = tiles.length === 0;
  const portrait = tiles[0] && tiles[0].height > tiles[0].width;

  seek.addEventListener('pointermove', (event) => {
    const bounds = seek.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - bounds.left) / bounds.width, 0), 1);
    const seconds = share * (video.duration || 0);
    hovered.style.width = `${share * 100}%`;
    time.textContent = formatClock(seconds);
    const tile = tileAt(tiles, seconds);
    if (tile) showTile(picture, tile, portrait ? pictureWidth / 2 : pictureWidth);
    thumbnail.hidden = false;
    const half = thumbnail.offsetWidth / 2;
    const left = Math.min(Math.max(share * bounds.width, half), bounds.width - half);
    thumbnail.style.left = `${left}px`;
  });
  seek.addEventListener('pointerleave', () => {
    thumbnail.hidden = true;
    hovered.style.width = '0';
  });
}

async function loadTiles(url) {
  try {
    const response = await fetch(url);
    if (!response.ok) return [];
    return parseStoryboard(await response.text(), new URL(url, location.href));
  } catch {
    // The film plays without pictures too.
    return [];
  }
}
