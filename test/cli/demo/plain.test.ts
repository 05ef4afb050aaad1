import { expect, it } from 'vitest';
import { progressLine } from '../../../cli/demo/plain.ts';
import { demoView, jobState } from './views.ts';

const encoding = (percent: number) => {
  const job = jobState();
  return demoView({ job: { ...job, progress: job.progress && { ...job.progress, percent } } });
};

it('prints a line when a step or stage begins', () => {
  const clip = demoView({ step: 'clip', job: undefined });
  expect(progressLine(undefined, clip)).toBe('making a clip');
  expect(progressLine(clip, demoView({ job: undefined }))).toBe(
    'waiting: waiting for a worker to take the job',
  );
});

it('prints a line every fifth of the encoding, not every percent', () => {
  expect(progressLine(encoding(20), encoding(39.9))).toBeUndefined();
  expect(progressLine(encoding(20), encoding(41))).toBe(
    'encoding 41 %: 112 frames/s  ·  3.7× real time  ·  8.2 s to go  ·  720p 360p audio-0  ·  12 segments published  ·  4.12 MB',
  );
});

it('says what each of several workers has made', () => {
  const workerParts = [[0, 3], [1]];
  expect(progressLine(undefined, demoView({ workerParts }))).toMatch(
    / · {2}4\.12 MB {2}· {2}worker 1: 2 parts {2}· {2}worker 2: 1 part$/,
  );
});

it('prints nothing when nothing has changed', () => {
  expect(progressLine(demoView(), demoView({ elapsedSeconds: 9 }))).toBeUndefined();
});
