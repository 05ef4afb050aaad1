import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planAudio } from '../../../worker/src/plan/audio.ts';
import { prepareFilters } from '../../../worker/src/plan/video.ts';
import { audioStream, videoStream } from '../../helpers/media/media.ts';

/** Runs the filters on raw frames of a made picture, as they come from a decoder that says nothing about colours. */
function run(source: string, pixelFormat: string, filters: readonly string[]): number {
  const graph = [`format=${pixelFormat}`, ...filters, 'format=yuv420p'].join(',');
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-vf', graph, '-f', 'rawvideo', 'pipe:1'];
  return execFileSync('ffmpeg', args).length;
}

describe('filters, in a real ffmpeg', () => {
  it.each([
    ['PQ', 'yuv420p10le', { hdr: 'pq' as const }],
    ['HLG in 4:2:2', 'yuv422p10le', { hdr: 'hlg' as const }],
    ['PQ of an odd size', 'yuv420p10le', { hdr: 'pq' as const, width: 65, height: 37 }],
    ['HLG of an odd size in 4:4:4', 'yuv444p10le', { hdr: 'hlg' as const, width: 65, height: 37 }],
    ['PQ that is interlaced', 'yuv420p10le', { hdr: 'pq' as const, interlaced: true }],
    ['8-bit fields', 'yuv420p', { interlaced: true }],
  ])('take %s', (_, pixelFormat, changes) => {
    const video = videoStream({ width: 64, height: 36, ...changes });
    const source = `testsrc2=s=${video.width + 1}x${video.height + 1}:d=0.2,format=yuv444p,crop=${video.width}:${video.height}:0:0:exact=1`;
    const filters = prepareFilters(video, 'cpu', 'frames');
    // Five frames of 64x36 in 4:2:0.
    expect(run(source, pixelFormat, filters)).toBe((5 * 64 * 36 * 3) / 2);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 12])(
    'mix %d channels of an unknown layout without clipping',
    (channels) => {
      const [track] = planAudio({ audio: [audioStream({ channels, channelLayout: undefined })] }, 0).audio;
      const args = [
        ...[
          '-hide_banner',
          '-v',
          'error',
          '-f',
          's16le',
          '-ar',
          '48000',
          '-ac',
          String(channels),
          '-i',
          'pipe:0',
        ],
        ...['-af', track?.prepare.join(',') ?? '', '-f', 's16le', '-ac', String(track?.channels), 'pipe:1'],
      ];
      // Full scale in every channel at once, which an unweighted sum would clip.
      const input = Buffer.from(new Int16Array(channels * 4800).fill(30_000).buffer);
      const output = execFileSync('ffmpeg', args, { input });
      const samples = new Int16Array(output.buffer, output.byteOffset, output.length / 2);
      expect(samples.length).toBe(4800 * (track?.channels ?? 0));
      expect(samples.filter((sample) => Math.abs(sample - 30_000) >= 20)).toHaveLength(0);
    },
  );
});
