import { expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import type { FilmRendition } from '../../../worker/src/protocol/status.ts';
import { filmFiles, refuseImpossible } from '../../../worker/src/publish/film-files.ts';

const rendition = (name: string, kind: FilmRendition['kind']): FilmRendition => ({
  name,
  kind,
  playlist: `job/plan/${name}/index.m3u8`,
  codecs: '',
  bandwidth: 1,
  averageBandwidth: 1,
  bytes: 1,
  segments: 1,
});

const film = {
  durationSeconds: 10,
  renditions: [
    ...['360p', '1080p', '540p'].map((name) => rendition(name, 'video')),
    ...['audio-0-en', 'audio-1-de'].map((name) => rendition(name, 'audio')),
  ],
};

it.each([
  ['mp4', ['1080p.mp4']],
  ['mp4:2160p', ['1080p.mp4']],
  ['mp4:1080p', ['1080p.mp4']],
  ['mp4:720p', ['540p.mp4']],
  ['mp4:240p', ['360p.mp4']],
  ['m4a', ['audio-0-en.m4a', 'audio-1-de.m4a']],
  ['gif:540p', ['540p.gif']],
  ['hls', []],
])('%s becomes %j', (output, names) => {
  expect(filmFiles(film, [output]).files.map(({ name }) => name)).toEqual(names);
});

it('makes one file of outputs that come to the same', () => {
  const { files } = filmFiles(film, ['mp4:720p', 'mp4:540p', 'mp4:480p', 'mp4']);
  expect(files.map(({ name }) => name)).toEqual(['540p.mp4', '360p.mp4', '1080p.mp4']);
});

it('puts every audio track into an MP4, and none into a GIF', () => {
  const [mp4, gif] = filmFiles(film, ['mp4', 'gif']).files;
  expect(mp4?.audio.map(({ name }) => name)).toEqual(['audio-0-en', 'audio-1-de']);
  expect(gif?.audio).toEqual([]);
});

it('warns of files that a film without video cannot become', () => {
  const audio = { ...film, renditions: film.renditions.filter(({ kind }) => kind === 'audio') };
  expect(filmFiles(audio, ['mp4', 'm4a'])).toMatchObject({
    files: [{ name: 'audio-0-en.m4a' }, { name: 'audio-1-de.m4a' }],
    warnings: ['the film has no video, so there is no mp4 file'],
  });
});

it('refuses a GIF of more than 15 s, and no other file', () => {
  const long = { ...film, durationSeconds: 15.04 };
  expect(() => refuseImpossible(['hls', 'gif:240p'], long)).toThrow(RefusedError);
  expect(() => filmFiles(long, ['gif'])).toThrow('The film lasts 15.0 s, and a GIF may have 15 s.');
  refuseImpossible(['hls', 'mp4', 'mp3', 'm4a'], long);
});
