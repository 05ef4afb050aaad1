import { expect, it } from 'vitest';
import { parseStoryboard, tileAt } from '../../portal/page/player/storyboard.js';
import { storyboardVtt } from '../../worker/src/publish/storyboard-vtt.ts';

const base = 'http://127.0.0.1/films/job/plan/storyboard.vtt';
const storyboard = { intervalSeconds: 2, tileWidth: 160, tileHeight: 90, columns: 2, rows: 2 };
const record = {
  version: 1 as const,
  part: 0,
  renditions: [],
  endSeconds: 3605,
  sheets: [{ file: '0000-1.jpg', tileSeconds: [0, 2, 3600.5] }],
  warnings: [],
  encodeSeconds: 1,
};

it('reads the storyboard that the worker writes', () => {
  const url = 'http://127.0.0.1/films/job/plan/storyboard/0000-1.jpg';
  const size = { width: 160, height: 90 };
  expect(parseStoryboard(storyboardVtt(storyboard, [record]), base)).toEqual([
    { startSeconds: 0, endSeconds: 2, url, x: 0, y: 0, ...size },
    { startSeconds: 2, endSeconds: 3600.5, url, x: 160, y: 0, ...size },
    { startSeconds: 3600.5, endSeconds: 3605, url, x: 0, y: 90, ...size },
  ]);
});

it('finds the picture for a time', () => {
  const tiles = parseStoryboard(storyboardVtt(storyboard, [record]), base);
  expect([0, 1.9, 2, 3600.4, 9999].map((time) => tileAt(tiles, time)?.x)).toEqual([0, 0, 160, 160, 0]);
});

it('finds nothing in what is no storyboard', () => {
  expect(parseStoryboard('<html>404</html>', base)).toEqual([]);
});
