import { describe, expect, it } from 'vitest';
import { cadenceOf } from '../../../worker/src/probe/cadence.ts';

const mp4 = 'mov,mp4,m4a,3gp,3g2,mj2';
const stream = { index: 1, codec: 'aac', sampleRate: 48000 };

/** Times of packets in the three places of a film of 100 minutes. */
function places(timeOf: (packet: number) => number, packetSeconds = 1024 / 48000) {
  const from = (seconds: number) => {
    const first = Math.floor(seconds / packetSeconds);
    return Array.from({ length: 40 }, (_, n) => timeOf(first + n));
  };
  return [undefined, 3000, 5400].map((seconds) => ({
    seconds,
    times: new Map([[1, from(seconds ?? 0)]]),
  }));
}

const steady = (packet: number) => (packet * 1024) / 48000;
const toMilliseconds = (seconds: number) => Math.round(seconds * 1000) / 1000;

describe('the cadence of an audio stream', () => {
  it('is the size of its packets and where they begin', () => {
    expect(cadenceOf(stream, mp4, places(steady))).toEqual({
      cadence: { packetSamples: 1024, offsetSamples: 0 },
    });
    const late = (packet: number) => steady(packet) - 2112 / 48000;
    expect(cadenceOf(stream, mp4, places(late))).toEqual({
      cadence: { packetSamples: 1024, offsetSamples: -64 },
    });
  });

  it('is found in times that a container rounds to milliseconds', () => {
    const packetSeconds = 1536 / 48000;
    const rounded = (packet: number) => toMilliseconds(packet * packetSeconds);
    expect(cadenceOf({ ...stream, codec: 'ac3' }, 'matroska,webm', places(rounded, packetSeconds))).toEqual({
      cadence: { packetSamples: 1536, offsetSamples: 0 },
    });
    const found = cadenceOf(
      stream,
      mp4,
      places((packet) => toMilliseconds(steady(packet) - 0.0104)),
    );
    expect(found.cadence?.packetSamples).toBe(1024);
    expect(Math.abs((found.cadence?.offsetSamples ?? 0) + 0.0104 * 48000)).toBeLessThan(5);
  });

  it('is not there where times drift, jitter, or have a gap', () => {
    expect(
      cadenceOf(
        stream,
        mp4,
        places((packet) => steady(packet) * 1.000005),
      ),
    ).toEqual({});
    expect(
      cadenceOf(
        stream,
        mp4,
        places((packet) => steady(packet) + (packet % 3) * 0.004),
      ),
    ).toEqual({});
    expect(
      cadenceOf(
        stream,
        mp4,
        places((packet) => steady(packet) + (packet > 100_000 ? 0.009 : 0)),
      ),
    ).toEqual({});
  });

  it('is not there where packets are not found near the place that was asked for', () => {
    const [start, middle, end] = places(steady);
    expect(cadenceOf(stream, mp4, [start, middle, { seconds: 5300, times: end?.times }] as never)).toEqual(
      {},
    );
    expect(cadenceOf(stream, mp4, [start, { seconds: 3040, times: middle?.times }, end] as never)).toEqual(
      {},
    );
    expect(cadenceOf({ ...stream, index: 2 }, mp4, places(steady))).toEqual({});
  });

  it('is a sample in PCM whose times are exact', () => {
    const pcm = { ...stream, codec: 'pcm_s24le' };
    const chunks = (packet: number) => (packet * 997) / 48000;
    expect(cadenceOf(pcm, mp4, places(chunks, 997 / 48000))).toEqual({
      cadence: { packetSamples: 1, offsetSamples: 0 },
    });
    expect(cadenceOf(pcm, 'matroska,webm', places(chunks, 997 / 48000))).toEqual({});
    const rounded = places((packet) => Math.round(chunks(packet) * 600) / 600, 997 / 44100);
    expect(cadenceOf({ ...pcm, sampleRate: 44100 }, mp4, rounded)).toEqual({});
  });
});
