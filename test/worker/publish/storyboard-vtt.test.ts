import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storyboardVtt } from '../../../worker/src/publish/storyboard-vtt.ts';
import { planOf, recordsOf } from '../../helpers/media/published.ts';

const plan = planOf({ audio: [] });
const storyboard = { intervalSeconds: 5, tileWidth: 160, tileHeight: 90, columns: 3, rows: 2 };

describe('storyboardVtt', () => {
  it('shows each tile until the next one’s time, the last until the film’s end', () => {
    const records = recordsOf(plan, [
      { seconds: 6, bytes: 1 },
      { seconds: 6.5, bytes: 1 },
    ]);
    const [first] = records;
    if (first) first.sheets = [{ file: '0000-0.jpg', tileSeconds: [0.04, 5, 10] }];
    expect(storyboardVtt(storyboard, records)).toBe(
      [
        'WEBVTT',
        '',
        '00:00:00.000 --> 00:00:05.000',
        'storyboard/0000-0.jpg#xywh=0,0,160,90',
        '',
        '00:00:05.000 --> 00:00:10.000',
        'storyboard/0000-0.jpg#xywh=160,0,160,90',
        '',
        '00:00:10.000 --> 00:00:12.500',
        'storyboard/0000-0.jpg#xywh=320,0,160,90',
        '',
      ].join('\n'),
    );
  });

  it('is an empty file of cues for a film without sheets', () => {
    expect(storyboardVtt(storyboard, [])).toBe('WEBVTT\n');
  });

  it('covers the film without gaps, each tile inside its sheet', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 40 }), (tiles, perSheet) => {
        const records = recordsOf(plan, [{ seconds: tiles * 5, bytes: 1 }]);
        const [first] = records;
        const times = Array.from({ length: tiles }, (_, index) => index * 5);
        for (let from = 0; first && from < tiles; from += perSheet) {
          first.sheets.push({ file: `s-${from}.jpg`, tileSeconds: times.slice(from, from + perSheet) });
        }
        const cues = storyboardVtt({ ...storyboard, rows: 14 }, records.toReversed())
          .split('\n\n')
          .slice(1);
        expect(cues).toHaveLength(tiles);
        let before = '00:00:00.000';
        for (const cue of cues) {
          const [, from, to, x, y] =
            /^(\S+) --> (\S+)\nstoryboard\/\S+#xywh=(\d+),(\d+),160,90\n?$/.exec(cue) ?? [];
          expect(from).toBe(before);
          expect(Number(x)).toBeLessThanOrEqual(2 * 160);
          expect(Number(y)).toBeLessThan(14 * 90);
          before = to ?? '';
        }
        const end = tiles * 5;
        const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
        expect(before).toBe(`${pad(end / 3600)}:${pad((end / 60) % 60)}:${pad(end % 60)}.000`);
      }),
    );
  });
});
