import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';
import type { Published } from '../helpers/media/transcoding.ts';

const farm = useFarm();
const size: [number, number] = [320, 180];
const expected = { size, frames: 50 };

/** ATSC A/53 part 4: user data of the kind GA94 with one pair of CEA-608 bytes, field 1, as an SEI message of H.264. */
const captionSei = Buffer.from('00000106040eb500314741393403c1fffc942cff80', 'hex');

/** Puts captions before each frame of a bare H.264 stream. */
function withCaptions(stream: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = stream.indexOf('000001', 0, 'hex'); at >= 0; at = stream.indexOf('000001', at + 3, 'hex')) {
    const type = (stream[at + 3] ?? 0) & 31;
    if (type !== 1 && type !== 5) continue;
    pieces.push(stream.subarray(from, at), captionSei);
    from = at;
  }
  return Buffer.concat([...pieces, stream.subarray(from)]);
}

async function readPublished({ folder, files }: Published) {
  const segments = files.filter((file) => /\/\d+p\/.*\.m4s$/.test(file));
  const media = await Promise.all(segments.map((file) => readFile(join(folder, file))));
  return { playlist: await readFile(join(folder, 'index.m3u8'), 'utf8'), video: Buffer.concat(media) };
}

describe('CEA-608 captions inside the video', () => {
  it('stay there and are named in the multivariant playlist', async () => {
    const bare = await farm.make('bare.h264', ...pattern({ seconds: 2 }), ...x264, '-f', 'h264');
    await writeFile(`${bare}.cc`, withCaptions(await readFile(bare)));
    const clip = await farm.make('captions.mp4', '-r', '25', '-f', 'h264', '-i', `${bare}.cc`, '-c', 'copy');
    const { published } = await farm.check(clip, expected);
    const { playlist, video } = await readPublished(published);
    expect(playlist).toContain(
      '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="Captions",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC1"',
    );
    expect(playlist).toContain('CLOSED-CAPTIONS="captions"');
    expect(video.includes('GA94')).toBe(true);
  });

  it('are announced neither in a film without them nor kept in it', async () => {
    const clip = await farm.make('none.mp4', ...pattern({ seconds: 2 }), ...x264);
    const { published } = await farm.check(clip, expected);
    const { playlist, video } = await readPublished(published);
    expect(playlist).toContain('CLOSED-CAPTIONS=NONE');
    expect(video.includes('GA94')).toBe(false);
  });
});
