import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressBlock } from '../../../cli/demo/block.ts';
import { plainStyle } from '../../../cli/text/style.ts';
import { demoView, jobState } from './views.ts';

describe('the progress block', () => {
  it('reports stage, share, pace and what is published', () => {
    expect(progressBlock(demoView(), plainStyle, 80)).toEqual([
      '  transcode-farm  clip.mp4  16.2 MB',
      '',
      '  waiting › probing › encoding › publishing',
      '  █████████████████▌░░░░░░░░░░░░░░░░░░░░░░  43 %  5.0 s',
      '  112 frames/s  ·  3.7× real time  ·  8.2 s to go',
      '  720p 360p audio-0  ·  12 segments published  ·  4.12 MB',
    ]);
  });

  it('says what each of several workers has made', () => {
    const before = demoView({ step: 'clip', job: undefined, workerParts: [[], []] });
    const now = demoView({ workerParts: [[0, 3], [1]] });
    expect(progressBlock(now, plainStyle, 80).at(-1)).toBe('  worker 1: 2 parts  ·  worker 2: 1 part');
    expect(progressBlock(before, plainStyle, 80).length).toBe(progressBlock(now, plainStyle, 80).length);
  });

  it('keeps its height from the first step to the last', () => {
    const views = [
      demoView({ step: 'clip', job: undefined, filmBytes: undefined }),
      demoView({ job: undefined }),
      demoView(),
      demoView({ job: jobState({ state: 'retrying', error: { code: 'trouble', message: 'no storage' } }) }),
      demoView({ job: jobState({ state: 'succeeded', stage: undefined }) }),
    ];
    expect(views.map((view) => progressBlock(view, plainStyle, 80).length)).toEqual([6, 6, 6, 6, 6]);
  });

  it('says why it waits when an attempt failed', () => {
    const job = jobState({ state: 'retrying', error: { code: 'trouble', message: 'no storage' } });
    expect(progressBlock(demoView({ job }), plainStyle, 100)[4]).toBe(
      '  attempt 1 of 3 failed, trying again: no storage',
    );
  });

  it('stays inside the terminal, so that it can be redrawn in place', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
        fc.integer({ min: 40, max: 200 }),
        (film, columns) => {
          const longest = Math.max(
            ...progressBlock(demoView({ film }), plainStyle, columns).map((line) => line.length),
          );
          expect(longest).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it('lets no film steer the terminal by its name', () => {
    const [first = ''] = progressBlock(demoView({ film: 'a\x1b[2Jb\x07\nc.mp4' }), plainStyle, 80);
    expect(first).toBe(stripVTControlCharacters(first));
    expect(first).toContain('ab??c.mp4');
  });
});
