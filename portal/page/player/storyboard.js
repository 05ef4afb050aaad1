/**
 * Reads a storyboard: WebVTT whose cues name a place in a picture, such as `sheet.jpg#xywh=160,90,160,90` (W3C Media
 * Fragments URI, section 4.2.2).
 * @param text the file
 * @param base where the file came from; pictures are named relative to it
 * @returns tiles in order of time: startSeconds, endSeconds, url, x, y, width, height
 */
export function parseStoryboard(text, base) {
  const cue =
    /^((?:\d+:)?\d\d:\d\d\.\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d\.\d{3}).*\n(.+)#xywh=(\d+),(\d+),(\d+),(\d+)/gm;
  return [...text.replaceAll('\r\n', '\n').matchAll(cue)].map(([, from, to, file, ...place]) => {
    const [x, y, width, height] = place.map(Number);
    const url = new URL(file, base).href;
    return { startSeconds: seconds(from), endSeconds: seconds(to), url, x, y, width, height };
  });
}

/** The tile that shows the film at this time. */
export function tileAt(tiles, time) {
  return tiles.findLast((tile) => tile.startSeconds <= time) ?? tiles[0];
}

/** Shows a tile as the background of an element, `width` pixels wide. */
export function showTile(picture, tile, width) {
  const scale = width / tile.width;
  picture.style.width = `${width}px`;
  picture.style.height = `${Math.round(tile.height * scale)}px`;
  const inner = picture.firstElementChild ?? picture.appendChild(document.createElement('div'));
  inner.style.width = `${tile.width}px`;
  inner.style.height = `${tile.height}px`;
  inner.style.transform = `scale(${scale})`;
  inner.style.backgroundImage = `url("${tile.url}")`;
  inner.style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
}

function seconds(stamp) {
  return stamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
