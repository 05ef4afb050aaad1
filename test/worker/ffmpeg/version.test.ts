import { describe, expect, it } from 'vitest';
import {
  argumentsFor,
  FfmpegVersionError,
  lastFrameAsListed,
  readVersion,
} from '../../../worker/src/ffmpeg/version.ts';

const printed = (name: string, libavcodec = '61. 19.101') =>
  `ffmpeg version ${name} Copyright (c) 2000-2026 the FFmpeg developers\nbuilt with gcc 12\nlibavutil      59. 39.100 / 59. 39.100\n` +
  `libavcodec     ${libavcodec} / ${libavcodec}\n`;

describe('readVersion', () => {
  it.each([
    ['5.1.9-0+deb12u1', 5],
    ['6.1.1-3ubuntu5', 6],
    ['7.1.5-0+deb13u1', 7],
    ['7.1.2-Jellyfin', 7],
    ['8.0', 8],
    ['n9.0.2-17-g2a571b6068-20260930', 9],
    ['v9.0', 9],
    ['9.0.2-tessus', 9],
  ])('reads the release of %s from its name', (name, major) => {
    expect(readVersion(printed(name), 'ffmpeg')).toEqual({ name, major });
  });

  it.each([
    ['N-118000-g0123456789', '61. 33.100', 7],
    ['git-2026-03-01-0123456', '62. 11.100', 8],
    ['2026-10-01-git-0123456789-full_build', '63.  1.102', 9],
    ['N-107000-g0123456', '59. 37.100', 5],
  ])('reads the release of the development build %s from its libavcodec', (name, libavcodec, major) => {
    expect(readVersion(printed(name, libavcodec), 'ffmpeg')).toEqual({ name, major });
  });

  it.each([
    ['4.4.2-0ubuntu0.22.04.1', '58.134.100'],
    ['5.0.1', '59. 18.100'],
    ['N-105000-g0123456', '59. 18.100'],
  ])('refuses %s and says what to install', (name, libavcodec) => {
    expect(() => readVersion(printed(name, libavcodec), '/opt/ffmpeg')).toThrow(
      new FfmpegVersionError(
        `ffmpeg ${name} ("/opt/ffmpeg") is too old: the farm needs 5.1 to 9.0. Install a newer one (Debian 12, ` +
          'Ubuntu 24.04 and Homebrew have one), or name it in FFMPEG_PATH and FFPROBE_PATH.',
      ),
    );
  });

  it.each([
    ['10.0', '64.  1.100', 10],
    ['9.1-3', '63. 20.100', 9],
    ['N-130000-g0123456789', '64.  0.100', 10],
  ])('warns of %s, which is newer than what the farm is tested with', (name, libavcodec, major) => {
    expect(readVersion(printed(name, libavcodec), 'ffmpeg')).toEqual({
      name,
      major,
      warning: `ffmpeg ${name} is newer than the farm knows; the farm is tested with 5.1 to 9.0. Look at a film before you rely on it.`,
    });
  });

  it('takes a build that reports neither release nor library for a new one, with a warning', () => {
    expect(readVersion('ffmpeg version custom Copyright\n', 'ffmpeg')).toEqual({
      name: 'custom',
      major: 9,
      warning: expect.stringContaining('ffmpeg custom is of unknown age'),
    });
  });

  it('refuses a program that is not ffmpeg', () => {
    expect(() => readVersion('true (GNU coreutils) 9.1\n', '/bin/true')).toThrow(
      '"/bin/true" does not print its version; is it ffmpeg?',
    );
  });
});

describe('argumentsFor', () => {
  const args = ['-filter_complex', 'filter', '-fps_mode', 'passthrough', '-enc_time_base', 'filter'];

  it.each([7, 8, 9, 10])('leaves the arguments for ffmpeg %i as they are written', (major) => {
    expect(argumentsFor({ name: '', major }, args)).toEqual(args);
  });

  it('lets no old ffmpeg go by a table of fragments', () => {
    const table = ['-use_mfra_for', 'pts', '-i', 'film'];
    expect(argumentsFor({ name: '', major: 7 }, table)).toEqual(table);
    expect(argumentsFor({ name: '', major: 5 }, table)).toEqual(['-i', 'film']);
  });

  it('has ffmpeg 5 show the last frame of a film of varying rate, which it takes for a moment’s', () => {
    const graph = ['-filter_complex', `[0:0]fps=fps=25/1:start_time=0:${lastFrameAsListed}[v]`];
    expect(argumentsFor({ name: '', major: 5 }, graph)[1]).toContain(':eof_action=pass[v]');
    expect(argumentsFor({ name: '', major: 6 }, graph)).toEqual(graph);
  });

  it.each([5, 6])('gives ffmpeg %i a number where later ones take a name', (major) => {
    expect(argumentsFor({ name: '', major }, args)).toEqual([...args.slice(0, 5), '-1']);
    expect(argumentsFor({ name: '', major }, ['-enc_time_base', '1:1000'])).toEqual([
      '-enc_time_base',
      '1:1000',
    ]);
  });
});
