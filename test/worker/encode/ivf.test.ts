import { expect, it } from 'vitest';
import { readIvf } from '../../../worker/src/encode/ivf.ts';

const keyframe = 0x82;
const interFrame = 0x86;

function ivf(frames: readonly { ticks: number; first?: number }[], { codec = 'VP90' } = {}): Buffer {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0, 'latin1');
  header.write(codec, 8, 'latin1');
  header.writeUInt32LE(90_000, 16);
  header.writeUInt32LE(1, 20);
  const bodies = frames.map(({ ticks, first = interFrame }) => {
    const frame = Buffer.alloc(12 + 3);
    frame.writeUInt32LE(3, 0);
    frame.writeBigUInt64LE(BigInt(ticks), 4);
    frame[12] = first;
    return frame;
  });
  return Buffer.concat([header, ...bodies]);
}

const whole = ivf([{ ticks: 180_000, first: keyframe }, { ticks: 183_600 }]);

it('an IVF file says how many frames it has, and when the first and the last are shown', () => {
  expect(readIvf(whole)).toEqual({ frames: 2, firstSeconds: 2, lastSeconds: 2.04 });
});

it.each<[what: string, data: Buffer, problem: string]>([
  ['is cut off in a frame', whole.subarray(0, -1), 'its last frame is cut off'],
  ['is cut off in the header of a frame', whole.subarray(0, 32 + 15 + 5), 'its last frame has half a header'],
  ['begins with a frame that needs another', ivf([{ ticks: 0 }]), 'it does not begin with a keyframe'],
  ['holds no frame', ivf([]), 'it holds no frame'],
  ['holds another codec', ivf([], { codec: 'AV01' }), 'it holds no VP9'],
  ['is something else', Buffer.from('RIFF'.padEnd(40)), 'it does not begin as IVF'],
  [
    'has a frame before the one that it follows',
    ivf([{ ticks: 90_000, first: keyframe }, { ticks: 90_000 }]),
    'a frame at 1 s follows one at 1 s',
  ],
])('an IVF file that %s is not published', (_, data, problem) => {
  expect(() => readIvf(data)).toThrow(problem);
});
