import { describe, expect, it } from 'vitest';
import type { VideoPart } from '../../../worker/src/plan/plan.ts';
import { webmParts, webmPartsOfPlan } from '../../../worker/src/publish/webm-parts.ts';

const hasAudio = true;
const videos = (parts: ReturnType<typeof webmParts>) => parts.filter((part) => part.kind === 'video');

describe('the parts of a WebM file that is made of the stream', () => {
  const playlist = (seconds: readonly number[]) =>
    [
      '#EXTM3U',
      '#EXT-X-MAP:URI="init.mp4"',
      ...seconds.flatMap((each, n) => [`#EXTINF:${each.toFixed(6)},`, `0000${n}.m4s`]),
      '#EXT-X-ENDLIST',
    ].join('\n');

  it('are whole segments behind the init segment, about half a minute long, and all audio', () => {
    const parts = webmParts(playlist([12, 12, 6, 12, 3.5]), { hasAudio });
    expect(parts).toEqual([
      {
        ...{ kind: 'video', name: '0000.ivf', startSeconds: 0, endSeconds: 30 },
        files: ['init.mp4', '00000.m4s', '00001.m4s', '00002.m4s'],
      },
      {
        ...{ kind: 'video', name: '0001.ivf', startSeconds: 30, endSeconds: 45.5 },
        files: ['init.mp4', '00003.m4s', '00004.m4s'],
      },
      { kind: 'audio', name: 'audio.webm' },
    ]);
  });
});

describe('the parts of a WebM file that is made of the source', () => {
  const part = (startSeconds: number, endSeconds: number | undefined, clip?: number): VideoPart => ({
    ...{ kind: 'video', index: 0, startSeconds, firstSegment: 0 },
    segmentCuts: Array.from({ length: 9 }, (_, n) => startSeconds + 6 * (n + 1)),
    ...(endSeconds === undefined ? {} : { endSeconds }),
    ...(clip === undefined ? {} : { clip }),
  });
  const ranges = (parts: ReturnType<typeof webmParts>) =>
    videos(parts).map(({ of }) => [of?.startSeconds, of?.endSeconds]);

  it('are pieces of the plan’s parts, cut where its segments are, and the last one is open', () => {
    const parts = webmPartsOfPlan({ parts: [part(0, 60), part(60, undefined)] }, 120, { hasAudio });
    expect(ranges(parts)).toEqual([
      [0, 30],
      [30, 60],
      [60, 90],
      [90, undefined],
    ]);
    expect(parts.map(({ name }) => name)).toEqual([
      ...['0000.ivf', '0001.ivf', '0002.ivf', '0003.ivf'],
      'audio.webm',
    ]);
  });

  it('are the plan’s own where the source cannot be cut at a frame', () => {
    expect(ranges(webmPartsOfPlan({ parts: [part(0, undefined)] }, 60, { hasAudio }))).toEqual([
      [0, undefined],
    ]);
    const clip = { source: 0, startSeconds: 0, endSeconds: 60, fromSeconds: 0, toSourceEnd: true };
    const clips = [
      { ...clip, zeroSeconds: 0, audio: [], seekSeconds: 20 },
      { ...clip, zeroSeconds: 0, audio: [], seekSeconds: 0 },
    ];
    const joined = webmPartsOfPlan({ parts: [part(0, 60, 0), part(60, 120, 1)], clips }, 120, { hasAudio });
    expect(ranges(joined)).toEqual([
      [0, 60],
      [60, 90],
      [90, 120],
    ]);
  });

  it('end where the film does, which may be before its header says', () => {
    const early = webmPartsOfPlan({ parts: [part(0, 60), part(60, undefined)] }, 25, { hasAudio: false });
    expect(ranges(early)).toEqual([[0, 30]]);
  });
});
