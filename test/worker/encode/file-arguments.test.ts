import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { fileArguments } from '../../../worker/src/encode/file-arguments.ts';
import type { FilmFile } from '../../../worker/src/publish/film-files.ts';

it.each(['mp4', 'm4a', 'mp3'] as const)(
  'a title that no program can be given is no obstacle to an %s',
  (format) => {
    const file = { name: `240p.${format}`, format, audio: [] };
    const { outputArgs } = fileArguments(file, { segmentFormat: 'mpegts', title: 'Holi\0day' });
    expect(outputArgs).toContain('title=Holiday');
    expect(() => spawnSync('true', outputArgs)).not.toThrow();
  },
);

it.each([
  [undefined, ['-movflags', '+faststart', '-f', 'mp4', '240p.mp4']],
  [
    3,
    [
      ...['-movflags', '+frag_keyframe+delay_moov+default_base_moof', '-frag_duration', '10000000'],
      ...['-bsf:a', 'aac_adtstoasc', '-f', 'mp4', 'pipe:3'],
    ],
  ],
])('an MP4 is a copy of MPEG-TS, ten seconds earlier than that (pipe: %s)', (pipe, end) => {
  const file = {
    name: '240p.mp4',
    format: 'mp4',
    video: { name: '240p' },
    audio: [{ name: 'audio-0', language: 'de' }],
  } as FilmFile;
  expect(fileArguments(file, { segmentFormat: 'mpegts', pipe })).toEqual({
    inputArgs: ['-seekable', '0', '-thread_queue_size', '512', '-copyts'],
    textInputArgs: ['-itsoffset', '10'],
    outputArgs: [
      ...['-map', '0:0', '-map', '1:0', '-c', 'copy', '-map_metadata', '-1', '-map_chapters', '-1'],
      ...['-output_ts_offset', '-10', '-metadata:s:a:0', 'language=deu', '-disposition:a:0', 'default'],
      ...end,
    ],
  });
});
