import { expect, it } from 'vitest';
import { ffprobeSchema } from '../../../worker/src/probe/ffprobe-json.ts';
import { readFirstPackets } from '../../../worker/src/probe/first-packets.ts';

interface Packet {
  stream_index: number;
  pts_time: string;
  flags: string;
}

const picture = { index: 1, codec_type: 'video', avg_frame_rate: '25/1' };
const sound = { index: 0, codec_type: 'audio' };

/** A film as ffprobe reads it: how often it was asked, and what it answers. */
function film(streams: object[], packets: Packet[]) {
  const asked: string[] = [];
  const parsed = ffprobeSchema.parse({ format: { format_name: 'mov' }, streams }).streams;
  const video = parsed.find(({ codec_type }) => codec_type === 'video');
  if (video === undefined) throw new Error('The film has no picture.');
  const read = () =>
    readFirstPackets({ streams: parsed }, video, async (...args) => {
      asked.push(args.join(' '));
      const select = args.includes('-select_streams')
        ? Number(args[args.indexOf('-select_streams') + 1])
        : -1;
      const count = Number(/%\+#(\d+)/.exec(args.join(' '))?.[1]);
      const chosen = packets.filter(({ stream_index }) => select === -1 || stream_index === select);
      return { packets: chosen.slice(0, count) };
    });
  return { asked, read };
}

/** Packets of a stream, so many a second. */
function packetsOf(stream_index: number, seconds: number, rate: number, flags = 'K__'): Packet[] {
  const count = Math.floor(seconds * rate);
  return Array.from({ length: count }, (_, n) => ({ stream_index, pts_time: (n / rate).toFixed(6), flags }));
}

const interleaved = (...streams: Packet[][]) =>
  streams.flat().toSorted((a, b) => Number(a.pts_time) - Number(b.pts_time));

it('reads the first packets of picture and audio in one look', async () => {
  const frames = packetsOf(1, 60, 25);
  const { asked, read } = film([sound, picture], interleaved(packetsOf(0, 60, 48_000 / 1024), frames));
  const { packets, seen } = await read();
  expect(packets).toEqual(frames.slice(0, 120));
  expect(seen).toEqual(new Set([0, 1]));
  expect(asked).toHaveLength(1);
});

it('reads the picture by itself where more packets than usual lie between its own', async () => {
  const frames = packetsOf(1, 60, 25);
  const { asked, read } = film([sound, picture], interleaved(packetsOf(0, 60, 96_000 / 1024), frames));
  expect((await read()).packets).toEqual(frames.slice(0, 120));
  expect(asked).toHaveLength(2);
});

it('reads the picture by itself where there is no audio, or audio with too many packets', async () => {
  const frames = packetsOf(1, 60, 25);
  const silent = film([picture], frames);
  expect(await silent.read()).toEqual({ packets: frames.slice(0, 120), seen: new Set() });
  const tracks = Array.from({ length: 6 }, (_, n) => ({ ...sound, index: n + 2 }));
  const dubbed = film([picture, ...tracks], frames);
  expect((await dubbed.read()).packets).toEqual(frames.slice(0, 120));
  expect([...silent.asked, ...dubbed.asked]).toEqual([
    expect.stringContaining('-select_streams 1 -read_intervals %+#120'),
    expect.stringContaining('-select_streams 1 -read_intervals %+#120'),
  ]);
});

it('takes all packets of a picture that is shorter', async () => {
  const frames = packetsOf(1, 2, 25);
  const { asked, read } = film([sound, picture], interleaved(packetsOf(0, 2, 48_000 / 1024), frames));
  expect((await read()).packets).toEqual(frames);
  expect(asked).toHaveLength(1);
});

it('has not seen a stream of which the edit list hides every packet', async () => {
  const hidden = packetsOf(0, 1, 48_000 / 1024, 'KD_');
  const { read } = film([sound, picture], interleaved(hidden, packetsOf(1, 60, 25)));
  expect((await read()).seen).toEqual(new Set([1]));
});
