import { expect, it } from 'vitest';
import { contentDisposition } from '../../../worker/src/publish/file-name.ts';

const mp4 = {
  name: '720p.mp4',
  video: {
    name: '720p',
    kind: 'video',
    playlist: '',
    codecs: '',
    bandwidth: 1,
    averageBandwidth: 1,
    bytes: 1,
    segments: 1,
  },
} as const;

it.each([
  ['its title', { title: 'Summer', source: 'a.mov' }, 'Summer 720p.mp4', 'Summer%20720p.mp4'],
  ['the name of its source', { source: 's3://films/2026/beach.mov' }, 'beach 720p.mp4', 'beach%20720p.mp4'],
  ['the name of its URL', { source: 'https://example.com/a/b.mp4?x=1' }, 'b 720p.mp4', 'b%20720p.mp4'],
  [
    'letters beyond ASCII',
    { title: 'Grüezi 你', source: 'a' },
    'Gr_ezi _ 720p.mp4',
    'Gr%C3%BCezi%20%E4%BD%A0%20720p.mp4',
  ],
  [
    'no path',
    { title: '../../etc/passwd', source: 'a' },
    '.. .. etc passwd 720p.mp4',
    '..%20..%20etc%20passwd%20720p.mp4',
  ],
  [
    'no header',
    { title: 'a"\r\nSet-Cookie: x=1', source: 'a' },
    'a Set-Cookie x=1 720p.mp4',
    'a%20Set-Cookie%20x%3D1%20720p.mp4',
  ],
  ['half a surrogate pair', { title: 'a\ud800', source: 'a' }, 'a 720p.mp4', 'a%20720p.mp4'],
  ['a word where nothing is left', { title: '///', source: '' }, 'film 720p.mp4', 'film%20720p.mp4'],
])('names a file by %s', (_, job, plain, encoded) => {
  expect(contentDisposition(mp4, job)).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${encoded}`);
});

it('cuts a long title without breaking a character', () => {
  const header = contentDisposition(mp4, { title: '🎬'.repeat(500), source: 'a' });
  expect(header).toContain(`${encodeURIComponent('🎬'.repeat(120))}%20720p.mp4`);
});
