import { expect, it } from 'vitest';
import { demoResult } from '../../../cli/demo/result.ts';
import { jobState } from './views.ts';

const film = {
  playlist: 'clip-1/index.m3u8',
  plan: 'abc',
  durationSeconds: 20,
  bytes: 1,
  encoder: 'x264',
  renditions: [],
  poster: 'clip-1/abc/poster.jpg',
};

it('reports files by full path when they were left in a folder', () => {
  expect(demoResult(jobState({ state: 'succeeded', film }), [[]], '/films').paths).toEqual({
    dir: '/films/clip-1',
    playlist: '/films/clip-1/index.m3u8',
    manifest: null,
    status: '/films/clip-1/status.json',
    poster: '/films/clip-1/abc/poster.jpg',
    storyboard: null,
  });
});

it('reports keys when the files end with the demo', () => {
  expect(demoResult(jobState({ state: 'succeeded', film }), [[]], undefined).paths).toMatchObject({
    dir: null,
    playlist: 'clip-1/index.m3u8',
  });
});

it('says why a film was not transcoded', () => {
  const error = { code: 'not-media', message: 'This is no film.' };
  expect(demoResult(jobState({ state: 'failed', error }), [[]], undefined)).toMatchObject({
    state: 'failed',
    error,
  });
});

it('says which worker made which parts', () => {
  expect(demoResult(jobState(), [[0, 3], [1, 2], []], undefined).workers).toEqual([
    { parts: [0, 3] },
    { parts: [1, 2] },
    { parts: [] },
  ]);
});
