import { describe, expect, it } from 'vitest';
import { clockWarnings, RecordingClock } from '../../../worker/src/probe/clock.ts';

const [video, audio] = [0, 1];

/** Packets of both streams in the order of a file, from a time of the clock on. */
function record(clock: RecordingClock, from: number, seconds: number, { audioLate = 0 } = {}): void {
  for (let n = 0; n < seconds * 25; n += 1) {
    const time = from + n / 25;
    clock.add({ stream: video, ptsSeconds: time + 0.08, dtsSeconds: time, durationSeconds: 0.04 });
    const sound = time + audioLate;
    clock.add({ stream: audio, ptsSeconds: sound, dtsSeconds: sound, durationSeconds: 0.04 });
  }
}

const shifts = (clock: RecordingClock) => clock.stretches().map(({ shiftSeconds }) => shiftSeconds);

describe('the clock of a recording', () => {
  it('has one stretch where it runs on, whatever the distance of audio and video', () => {
    const clock = new RecordingClock();
    record(clock, 100, 30, { audioLate: 12 });
    expect(clock.stretches()).toHaveLength(1);
  });

  it('has not jumped where one stream pauses and the other goes on', () => {
    const clock = new RecordingClock();
    record(clock, 0, 5);
    for (let n = 0; n < 1000; n += 1)
      clock.add({ stream: video, ptsSeconds: 5 + n / 25, dtsSeconds: 5 + n / 25, durationSeconds: 0.04 });
    record(clock, 45, 5);
    expect(clock.stretches()).toHaveLength(1);
  });

  it('has not jumped where a picture stands, and the frame behind it is decoded long before it is shown', () => {
    const clock = new RecordingClock();
    record(clock, 0, 5);
    for (let time = 5; time < 15; time += 0.04)
      clock.add({ stream: audio, ptsSeconds: time, dtsSeconds: time, durationSeconds: 0.04 });
    clock.add({ stream: video, ptsSeconds: 15, dtsSeconds: 5, durationSeconds: 0.04 });
    record(clock, 15.04, 5);
    expect(clock.stretches()).toHaveLength(1);
  });

  it('moves both streams alike, so far that neither overlaps with what came before', () => {
    const clock = new RecordingClock();
    record(clock, 100, 10);
    record(clock, 20, 10);
    // The video ends at 110.08 and begins again at 20.08; the audio ends at 110 and begins at 20.
    expect(shifts(clock)).toEqual([0, 90]);
    expect(clock.ends().get(video)).toBeCloseTo(120.08, 6);
    expect(clock.ends().get(audio)).toBeCloseTo(120, 6);
  });

  it('keeps a gap of up to a minute and closes a longer one', () => {
    const clock = new RecordingClock();
    record(clock, 0, 10);
    record(clock, 50, 10);
    record(clock, 150, 10);
    expect(shifts(clock)).toEqual([0, 0, -90]);
    expect(clockWarnings(clock.stretches(), 0)).toEqual([
      'the recording has a gap of 39.9 s at 10.1 s: there the picture stands still and there is no sound',
      "the recording's clock jumps forward at 60.1 s, as where two recordings are joined: the film goes on without a gap",
    ]);
  });

  it('is not moved by a single damaged timestamp', () => {
    const clock = new RecordingClock();
    record(clock, 100, 10);
    clock.add({ stream: video, ptsSeconds: 77_777, dtsSeconds: 77_777, durationSeconds: 0.04 });
    record(clock, 110, 10);
    expect(shifts(clock)).toEqual([0]);
    expect(clock.ends().get(audio)).toBeCloseTo(120, 6);
  });

  it('jumps back by less than streams lie apart', () => {
    const clock = new RecordingClock();
    record(clock, 100, 10);
    record(clock, 107, 10);
    expect(shifts(clock)).toEqual([0, 3]);
  });
});
