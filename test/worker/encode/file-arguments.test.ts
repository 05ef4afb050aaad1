import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { fileArguments } from '../../../worker/src/encode/file-arguments.ts';

it.each(['mp4', 'm4a', 'mp3'] as const)(
  'a title that no program can be given is no obstacle to an %s',
  (format) => {
    const file = { name: `240p.${format}`, format, audio: [] };
    const { outputArgs } = fileArguments(file, { segmentFormat: 'mpegts', title: 'Holi\0day' });
    expect(outputArgs).toContain('title=Holiday');
    expect(() => spawnSync('true', outputArgs)).not.toThrow();
  },
);
