import { expect, it } from 'vitest';
import { summary } from '../../../cli/demo/summary.ts';
import { plainStyle } from '../../../cli/text/style.ts';
import { jobState } from './views.ts';

const rendition = { playlist: 'x', codecs: 'avc1.64001f', segments: 4 };
const job = jobState({
  state: 'succeeded',
  warnings: ['Audio track 3 was left out.'],
  timings: {
    waitSeconds: 0.5,
    probeSeconds: 0.3,
    encodeSeconds: 8,
    publishSeconds: 0.2,
    totalSeconds: 9,
    speed: 2.2,
  },
  film: {
    playlist: 'clip-1/index.m3u8',
    plan: 'abc',
    durationSeconds: 20,
    bytes: 6_000_000,
    encoder: 'x264',
    renditions: [
      {
        ...rendition,
        name: '720p',
        kind: 'video',
        width: 1280,
        height: 720,
        bandwidth: 2_733_820,
        averageBandwidth: 2_078_452,
        bytes: 5_196_926,
      },
      {
        ...rendition,
        name: 'audio-0',
        kind: 'audio',
        codecs: 'mp4a.40.2',
        bandwidth: 132_018,
        averageBandwidth: 131_187,
        bytes: 328_870,
      },
    ],
  },
});

it('says where the time went and what was made of the film', () => {
  expect(summary(job, [[0, 1]], plainStyle)).toEqual([
    'Done. 20 s of film in 9.0 s, 2.2× real time (x264)',
    '',
    'waiting        0.5 s  █▌',
    'probing        0.3 s  ▉',
    'encoding       8.0 s  ████████████████████████',
    'publishing     0.2 s  ▋  after the last frame',
    '',
    'rendition  picture   codecs         average       peak  segments     size',
    '720p       1280×720  avc1.64001f  2.08 Mb/s  2.73 Mb/s         4  5.20 MB',
    'audio-0    sound     mp4a.40.2     131 kb/s   132 kb/s         4   329 kB',
    'Note: Audio track 3 was left out.',
  ]);
});

it('says how much each of several workers made', () => {
  const [first, ...lines] = summary(job, [[0, 3, 4], [1, 2], []], plainStyle);
  expect(first).toBe('Done. 20 s of film in 9.0 s, 2.2× real time (x264, 2 of 3 workers)');
  expect(lines.slice(5, 10)).toEqual([
    '',
    'worker 1     3 parts  ████████████████████████',
    'worker 2     2 parts  ████████████████',
    'worker 3     0 parts  nothing was left for it',
    '',
  ]);
  expect(summary(job, [[0], [1]], plainStyle)[0]).toMatch(/\(x264, 2 workers\)$/);
});

it('says which worker was killed, and what it had made by then', () => {
  const lines = summary(job, [[0, 2], [1], []], plainStyle, 100, 1);
  expect(lines.filter((line) => line.startsWith('worker '))).toEqual([
    'worker 1     2 parts  ████████████████████████',
    'worker 2      1 part  ████████████  killed in the middle of the film',
    'worker 3     0 parts  nothing was left for it',
  ]);
  const helpless = summary(job, [[0, 1, 2], []], plainStyle, 100, 1);
  expect(helpless).toContain('worker 2     0 parts  killed in the middle of the film');
});
