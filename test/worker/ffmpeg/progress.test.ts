import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Progress, parseProgress, readProgress } from '../../../worker/src/ffmpeg/progress.ts';

describe('parseProgress', () => {
  it.each([
    [
      { frame: '120', fps: '48.3', out_time_us: '4800000', progress: 'continue' },
      { frames: 120, framesPerSecond: 48.3, outSeconds: 4.8, ended: false },
    ],
    // ffmpeg says so until the first packet is written.
    [
      { frame: '0', fps: '0.00', out_time_us: 'N/A', progress: 'continue' },
      { frames: 0, framesPerSecond: 0, outSeconds: undefined, ended: false },
    ],
    // Audio alone: there are no frames.
    [
      { out_time_us: '2500000', progress: 'end' },
      { frames: 0, framesPerSecond: 0, outSeconds: 2.5, ended: true },
    ],
    // A first timestamp below zero.
    [
      { frame: '1', fps: '0.0', out_time_us: '-80000', progress: 'continue' },
      { frames: 1, framesPerSecond: 0, outSeconds: -0.08, ended: false },
    ],
  ])('reads %o', (block, progress) => {
    expect(parseProgress(block)).toEqual(progress);
  });
});

describe('readProgress', () => {
  it('calls back for each whole block, whatever pieces it comes in, and says whether anything was made', async () => {
    const stdout = new PassThrough();
    const seen: [Progress, boolean][] = [];
    readProgress(stdout, (progress, moved) => seen.push([progress, moved]));
    const text =
      'frame=10\nfps=5.0\nout_time_us=400000\nprogress=continue\n' +
      'frame=10\nfps=4.0\nout_time_us=400000\nprogress=continue\n' +
      'not a pair\nframe=12\nout_time_us=480000\nprogress=end\nframe=13\n';
    for (let at = 0; at < text.length; at += 7) stdout.write(text.slice(at, at + 7));
    stdout.end();
    await new Promise((resolve) => stdout.once('end', resolve));
    await new Promise(setImmediate);
    expect(seen.map(([{ frames, ended }, moved]) => [frames, ended, moved])).toEqual([
      [10, false, true],
      [10, false, false],
      [12, true, true],
    ]);
  });
});
