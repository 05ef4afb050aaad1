import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSource } from '../../../cli/plan/film.ts';
import { seekArguments } from '../../../worker/src/encode/seek.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { serveSource } from '../../../worker/src/source/server.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { drawFilm } from '../../helpers/media/drawn-film.ts';
import { planRequest } from '../../helpers/media/media.ts';
import { pattern } from '../../helpers/media/pattern.ts';

const isOldFfmpeg = /ffmpeg version n?[56]\./.test(execFileSync('ffmpeg', ['-version']).toString());
const limits = { durationSeconds: 60, pixels: 1_000_000, streams: 8, probeSeconds: 20 };
const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '25', '-bf', '2'];
const fragments = 'frag_keyframe+empty_moov+default_base_moof';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Fragments of about a megabyte each, so that ffmpeg leaves out what it does not read. */
let heavy: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  heavy = join(folder.path, 'heavy.mp4');
  const noise = pattern({ width: 320, height: 180, seconds: 10, filter: 'noise=alls=90:allf=t+u' });
  await ffmpeg(
    ...noise,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-qp',
    '4',
    '-g',
    '25',
    '-movflags',
    fragments,
    heavy,
  );
});
afterAll(() => folder[Symbol.asyncDispose]());

/** How much of the film ffmpeg reads from its middle on, as a share, and what the probe found. */
async function readFromMiddle(film: string) {
  const tools = realMediaTools();
  const source = fileSource(film);
  const info = await source.describe();
  await using server = await serveSource(source, info, { patienceSeconds: 10, blockBytes: 2 ** 16 });
  const media = await probe(tools, server.url, info.sizeBytes, limits);
  const plan = makePlan(media, planRequest({}));
  const before = server.servedBytes;
  await tools.ffmpeg({
    input: { url: server.url },
    inputArgs: seekArguments(plan, 5, 5),
    outputArgs: ['-frames:v', '3', '-c', 'copy', '-f', 'null', '-'],
    stallSeconds: 20,
  });
  return { media, share: (server.servedBytes - before) / info.sizeBytes };
}

describe('a fragmented film', () => {
  it('is read from a part on, and not whole for each part, also without an index or a table', async () => {
    const bare = join(folder.path, 'bare.mp4');
    const longer = ['-stream_loop', '4', '-i', heavy];
    await ffmpeg(...longer, '-c', 'copy', '-movflags', `${fragments}+skip_trailer`, bare);
    expect((await readFromMiddle(bare)).share).toBeLessThan(0.5);
  });
});

describe('a fragmented film with a table of its fragments', () => {
  // Older versions read no fragment that the table leaves out, so they look for all of them.
  it.skipIf(isOldFfmpeg)('is read from a part on, and not whole for each part', async () => {
    const { media, share } = await readFromMiddle(heavy);
    expect(media).toMatchObject({ indexed: true, fragmentTable: true });
    expect(share).toBeLessThan(0.6);
  });

  it('is the film without fragments, frame by frame, in parts', async () => {
    const whole = join(folder.path, 'whole.mp4');
    const fragmented = join(folder.path, 'fragmented.mp4');
    await ffmpeg(...pattern({ width: 64, height: 36, seconds: 8 }), ...codec, whole);
    await ffmpeg('-i', whole, '-c', 'copy', '-movflags', fragments, fragmented);
    const framesOf = async (clip: string) => {
      await using film = await drawFilm(clip, [], folder.path, { partSeconds: 2 });
      expect(film.plan.parts).toHaveLength(4);
      return { table: film.plan.fragmentTable, frames: await film.frames() };
    };
    const expected = await framesOf(whole);
    expect(expected.table).toBeUndefined();
    expect(await framesOf(fragmented)).toEqual({ table: true, frames: expected.frames });
  });

  it('is read without it where its composition offsets are negative: ffmpeg takes other times then', async () => {
    const clip = join(folder.path, 'negative.mp4');
    await ffmpeg(
      ...[...pattern({ width: 64, height: 36, seconds: 4 }), ...codec],
      ...['-movflags', `${fragments}+negative_cts_offsets`, clip],
    );
    await using film = await drawFilm(clip, [], folder.path, { partSeconds: 2 });
    expect(film.plan.fragmentTable).toBeUndefined();
  });
});
