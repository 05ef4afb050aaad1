import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteWholeFrames } from '../../../worker/src/probe/whole-frames.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';
import { audioStream, film } from '../../helpers/media/media.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (name: string) => join(folder.path, name);
const sound = (layout: string, rate = 48_000) => [
  ...['-f', 'lavfi', '-i', `anoisesrc=a=0.1:d=2:r=${rate},aformat=channel_layouts=${layout}`],
];

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const kilobits of [384, 640])
    await ffmpeg(...sound('5.1'), '-c:a', 'ac3', '-b:a', `${kilobits}k`, at(`${kilobits}.ac3`));
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Of a film of one stream. */
async function framesOf(name: string, format = 'mov,mp4,m4a,3gp,3g2,mj2') {
  const data = await readFile(at(name));
  const stream = audioStream({ index: 0, codec: 'ac3', channels: 6, channelLayout: '5.1(side)' });
  const media = film({ format, sizeBytes: data.length, audio: [stream] });
  const read = async (start: number, end: number) => {
    // As storage does.
    if (end > data.length) throw new RangeError(`The file has ${data.length} bytes.`);
    return data.subarray(start, end);
  };
  return (await noteWholeFrames(media, read)).audio[0]?.wholeFrames;
}

describe('frames of AC-3', () => {
  it.each([
    ['384.ac3', 'end.mp4', [], 1536],
    ['640.ac3', 'start.mp4', ['-movflags', '+faststart'], 2560],
    ['640.ac3', 'film.mov', [], 2560],
  ] as const)('are whole where the header says so: %s as %s', async (source, name, options, bytes) => {
    await ffmpeg('-i', at(source), '-c', 'copy', ...options, at(name));
    const found = await framesOf(name);
    expect(found?.bytes).toBe(bytes);
    // 48 kHz, version 8, the main programme, five channels and low frequencies.
    expect(found?.description).toMatch(bytes === 1536 ? /^103dc0$/ : /^103e40$/);
  });

  it('are whole where an edit list hides the lead of their encoder', async () => {
    await ffmpeg(...sound('5.1'), '-c:a', 'ac3', '-b:a', '384k', at('lead.mp4'));
    expect(await framesOf('lead.mp4')).toEqual({ bytes: 1536, description: '103dc0' });
  });

  it('are not known to be whole where the file ends with its header', async () => {
    await ffmpeg('-i', at('384.ac3'), '-c', 'copy', '-movflags', '+faststart', at('fast.mp4'));
    const data = await readFile(at('fast.mp4'));
    await writeFile(at('cut.mp4'), data.subarray(0, data.indexOf('mdat') + 100));
    expect(await framesOf('cut.mp4')).toBeUndefined();
  });

  it('are not known to be whole where one is missing', async () => {
    const dropped = ['-bsf:a', "noise=drop='eq(n,20)'"];
    await ffmpeg('-i', at('384.ac3'), '-c', 'copy', ...dropped, at('gap.mp4'));
    expect(await framesOf('gap.mp4')).toBeUndefined();
  });

  it('are not known to be whole where an edit list leaves some of them out', async () => {
    await ffmpeg('-i', at('384.ac3'), '-c', 'copy', at('all.mp4'));
    expect(await framesOf('all.mp4')).toBeDefined();
    const data = await readFile(at('all.mp4'));
    // Behind type, flags, count and length, the first edit says where it begins.
    data.writeInt32BE(24_000, data.indexOf('elst') + 16);
    await writeFile(at('trimmed.mp4'), data);
    expect(await framesOf('trimmed.mp4')).toBeUndefined();
  });

  it.each([
    ['fragmented.mp4', ['-movflags', '+frag_keyframe+delay_moov']],
    ['film.mkv', []],
  ] as const)('are not known to be whole in %s, whose header does not list them', async (name, options) => {
    await ffmpeg('-i', at('384.ac3'), '-c', 'copy', ...options, at(name));
    expect(await framesOf(name)).toBeUndefined();
  });

  it('are not known to be whole where their sizes differ', async () => {
    const joined = `concat:${at('384.ac3')}|${at('640.ac3')}`;
    await ffmpeg('-i', joined, '-c', 'copy', at('sizes.mp4'));
    expect(await framesOf('sizes.mp4')).toBeUndefined();
  });

  it.each([
    ['ac3', 'stereo', 48_000],
    ['ac3', '5.1', 44_100],
    ['eac3', '5.1', 48_000],
  ] as const)('are others in %s, %s, at %i Hz, whatever the probe said', async (codec, layout, rate) => {
    const name = `${codec}-${layout}-${rate}.mp4`;
    await ffmpeg(...sound(layout, rate), '-c:a', codec, at(name));
    expect(await framesOf(name)).toBeUndefined();
  });
});
