import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFrameRate, readPackets } from '../../../worker/src/probe/frame-rate.ts';

const thirty = { num: 30, den: 1 };
const mp4Ticks = { num: 1, den: 15360 };

function packetsAt(times: readonly number[], flags = '__') {
  return times.map((time) => ({
    pts_time: time,
    dts_time: undefined,
    duration_time: undefined,
    flags,
    side_data_list: [],
  }));
}

function steady(count: number, rate = 30, from = 0) {
  return Array.from({ length: count }, (_, n) => from + n / rate);
}

function header(rate = thirty, average = rate, time_base = mp4Ticks) {
  return { r_frame_rate: rate, avg_frame_rate: average, time_base };
}

describe('findFrameRate', () => {
  it('calls frames steady that come in any order of storage', () => {
    const times = steady(90);
    const stored = times.map((_, n) => times[n % 3 === 1 ? n + 1 : n % 3 === 2 ? n - 1 : n] ?? 0);
    expect(findFrameRate(header(), packetsAt(stored), 3).variableFrameRate).toBe(false);
  });

  it('leaves out frames that an edit list hides', () => {
    const packets = [...packetsAt([-0.5, -0.4], '_D'), ...packetsAt(steady(60))];
    expect(findFrameRate(header(), packets, 2).variableFrameRate).toBe(false);
  });

  it('takes the times of decoding where the container has no others, as AVI does', () => {
    const times = steady(60, 25);
    const twentyFive = { num: 25, den: 1 };
    // ffmpeg finds the times of every second frame: those of B-frames, which are shown when they are decoded.
    const packets = packetsAt(times).map((packet, n) => ({
      ...packet,
      pts_time: n % 2 === 0 ? undefined : packet.pts_time,
      dts_time: packet.pts_time,
    }));
    const found = findFrameRate(header(twentyFive, twentyFive, { num: 1, den: 25 }), packets, 2.4);
    expect(found).toMatchObject({ frameRate: twentyFive, variableFrameRate: false });
  });

  it('does not mix the frames before and behind a jump of the clock, which can lie at the same times', () => {
    const twentyFive = { num: 25, den: 1 };
    const times = [...steady(50, 25, 100), ...steady(50, 25, 101.02)];
    const packets = packetsAt(times).map((packet) => ({ ...packet, dts_time: packet.pts_time }));
    const found = findFrameRate(header({ num: 50, den: 1 }, { num: 33, den: 1 }), packets, 4);
    expect(found.frameRate).toEqual(twentyFive);
  });

  it('finds the rate of a recorder that leaves out every second frame', () => {
    const twentyFive = { num: 25, den: 1 };
    // Beside one that it left out by mistake.
    const times = steady(60, 12.5).filter((_, n) => n !== 20);
    const found = findFrameRate(header(twentyFive, { num: 123, den: 10 }), packetsAt(times), 4.8);
    expect(found).toMatchObject({ frameRate: { num: 25, den: 2 }, variableFrameRate: true });
  });

  it('does not miss frames that stand behind the last packet read', () => {
    const times = steady(readPackets + 30);
    // An open group of pictures: the last one read is shown much later than those that were not read.
    const packets = packetsAt([...times.slice(0, readPackets - 1), times[readPackets + 5] ?? 0]);
    expect(findFrameRate(header(), packets, 600).variableFrameRate).toBe(false);
  });

  it.each([
    ['a frame is missing', [...steady(20), ...steady(20, 30, 21 / 30)]],
    ['a frame comes twice', [...steady(20), ...steady(20, 30, 19 / 30)]],
    ['frames tremble', steady(60).map((time, n) => time + (n % 2) * 0.004)],
    ['no frame was read', []],
  ])('calls it variable when %s', (_, times) => {
    expect(findFrameRate(header(), packetsAt(times), 2)).toMatchObject({
      variableFrameRate: true,
      frameRate: thirty,
    });
  });

  it('calls it variable when the average over the film is another than the base rate', () => {
    const found = findFrameRate(header(thirty, { num: 29, den: 1 }), packetsAt(steady(readPackets)), 100);
    expect(found).toMatchObject({ variableFrameRate: true, frameRate: thirty });
  });

  it('forgives an odd last frame, which changes the average of a short film', () => {
    const found = findFrameRate(header(thirty, { num: 149, den: 5 }), packetsAt(steady(60)), 2);
    expect(found).toMatchObject({ variableFrameRate: false, frameRate: thirty });
  });

  it('takes the rate of frames and not that of fields', () => {
    const rates = header({ num: 50, den: 1 }, { num: 25, den: 1 }, { num: 1, den: 90_000 });
    expect(findFrameRate(rates, packetsAt(steady(readPackets, 25, 1.4)), 3600)).toEqual({
      frameRate: { num: 25, den: 1 },
      variableFrameRate: false,
      roundedTimestamps: false,
    });
  });

  it('puts a screen recording, whose base rate is a clock, on the rate of its quick stretches', () => {
    const clock = { num: 1000, den: 1 };
    const times = [...steady(40, 60), ...steady(5, 2, 1), ...steady(40, 60, 4)];
    const found = findFrameRate(header(clock, { num: 18, den: 1 }), packetsAt(times), 60);
    expect(found.variableFrameRate).toBe(true);
    expect([60, 59.94]).toContain(Math.round((found.frameRate.num / found.frameRate.den) * 100) / 100);
  });

  it('takes the rate at which a recorder means its frames, where each comes a little late', () => {
    const rates = [
      { num: 25, den: 1 },
      { num: 30000, den: 1001 },
      { num: 60, den: 1 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...rates),
        fc.array(fc.double({ min: 0, max: 0.45, noNaN: true }), { minLength: 120, maxLength: 120 }),
        (rate, late) => {
          const fps = rate.num / rate.den;
          const times = late.map((share, n) => Math.round(1000 * ((n + share) / fps)) / 1000);
          // As a container has it from the number of frames and the length.
          const average = { num: 12000, den: Math.round((12000 / fps) * 1.001) };
          const header = {
            r_frame_rate: { num: 1000, den: 1 },
            avg_frame_rate: average,
            time_base: { num: 1, den: 1000 },
          };
          expect(findFrameRate(header, packetsAt(times), 4)).toMatchObject({
            frameRate: rate,
            variableFrameRate: true,
          });
        },
      ),
    );
  });

  it('takes a DVD that shows a field of every second frame again for the 24 frames a second that it stores', () => {
    const field = 1001 / 60_000;
    const times = Array.from({ length: 60 }, (_, n) => 0.5 + (Math.floor(n / 2) * 5 + (n % 2) * 3) * field);
    const dvd = header({ num: 30000, den: 1001 }, { num: 30000, den: 1001 }, { num: 1, den: 90_000 });
    expect(findFrameRate(dvd, packetsAt(times), 600)).toMatchObject({
      variableFrameRate: true,
      frameRate: { num: 24000, den: 1001 },
    });
  });

  it('falls back on 25 when nothing is known', () => {
    const unknown = { r_frame_rate: undefined, avg_frame_rate: undefined, time_base: undefined };
    expect(findFrameRate(unknown, [], 10)).toMatchObject({
      frameRate: { num: 25, den: 1 },
      variableFrameRate: true,
    });
  });

  it('keeps steady rates whatever the container rounds', () => {
    const rates = [24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60000 / 1001, 60];
    fc.assert(
      fc.property(fc.constantFrom(...rates), fc.nat(1000), fc.boolean(), (rate, startMs, cut) => {
        const round = cut ? Math.floor : Math.round;
        const times = steady(readPackets, rate, startMs / 1000).map(
          (time) => round(time * 1000 + 1e-6) / 1000,
        );
        const exact = Number.isInteger(rate)
          ? { num: rate, den: 1 }
          : { num: Math.round(rate * 1001), den: 1001 };
        const found = findFrameRate(header(exact, exact, { num: 1, den: 1000 }), packetsAt(times), 600);
        expect(found.variableFrameRate).toBe(false);
        expect(found.roundedTimestamps).toBe(1000 % rate !== 0);
      }),
    );
  });
});
