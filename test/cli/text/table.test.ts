import { expect, it } from 'vitest';
import { plainStyle } from '../../../cli/text/style.ts';
import { textTable } from '../../../cli/text/table.ts';

const columns = [
  { head: 'rendition' },
  { head: 'codecs', spare: 2 },
  { head: 'peak', isRight: true, spare: 1 } as const,
  { head: 'size', isRight: true } as const,
];
const rows = [
  ['720p', 'avc1.64001f', '2.73 Mb/s', '5.20 MB'],
  ['audio-0', 'mp4a.40.2', '132 kb/s', '329 kB'],
];

it('aligns columns under their heads, figures at the right', () => {
  expect(textTable(columns, rows, plainStyle)).toEqual([
    'rendition  codecs            peak     size',
    '720p       avc1.64001f  2.73 Mb/s  5.20 MB',
    'audio-0    mp4a.40.2     132 kb/s   329 kB',
  ]);
});

it('leaves out the most spare columns that a narrow terminal has no room for', () => {
  expect(textTable(columns, rows, plainStyle, 40)[0]).toBe('rendition       peak     size');
  expect(textTable(columns, rows, plainStyle, 20)[0]).toBe('rendition     size');
});
