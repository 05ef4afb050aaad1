import { iso6393To1 } from 'iso-639-3/iso6393-to-1.js';
import type { FilmSubtitles } from '../protocol/status.ts';
import type { FilmFile } from '../publish/film-files.ts';
import { mpegtsOffsetSeconds } from './segment-arguments.ts';

export interface FileArguments {
  /** Before each `-i`. */
  inputArgs: string[];
  /** Before each `-i` of subtitles. */
  textInputArgs?: string[];
  outputArgs: string[];
}

/** Else ffmpeg looks for every fragment of a film before it reads the first one: https://github.com/FFmpeg/FFmpeg/blob/n7.1/libavformat/mov.c (`mov_read_default`) */
const unseekable = ['-seekable', '0'];

/**
 * Packets that are read ahead of each input. Before ffmpeg 6 a run with several inputs that can't be sought sleeps for 10 ms whenever one of
 * them has nothing ready (ffmpeg.c, `process_input`): with its usual 8 packets the MP4 of an hour's film took minutes.
 */
const readAhead = ['-thread_queue_size', '512'];

export const readOnce = [...unseekable, ...readAhead];

/** `-copyts`: else ffmpeg moves the start of each input to zero, and a video that begins later than its audio with it. */
const inStep = [...readOnce, '-copyts'];

/** MPEG-TS segments have later times than the film: see `mpegtsOffsetSeconds`. */
const fromZero = ['-output_ts_offset', String(-mpegtsOffsetSeconds)];

/** `delay_moov`: the header waits for the first frames, and says when they are shown. Ten seconds a fragment where there is no video. */
const fragmented = [
  ...['-movflags', '+frag_keyframe+delay_moov+default_base_moof'],
  ...['-frag_duration', '10000000'],
];

export interface FileFacts {
  /** Of the renditions; an MP4 or M4A is made here of MPEG-TS alone. */
  segmentFormat: 'fmp4' | 'mpegts';
  /** For an MP4 that goes to this descriptor as it is made: fragmented, with no index of the whole. */
  pipe?: number | undefined;
  /** For people: players show it. */
  title?: string | undefined;
}

/** Of a GIF: most colours are spent on what moves, and no page needs more pictures. */
const gif = { width: 480, framesPerSecond: 12 };

/** Enough that a second encoding is not heard. */
const mp3Bitrate = '192k';

/** What models for speech take, in Hz. */
const speechRate = 16_000;

/**
 * What makes a file of published renditions: the video first, then each audio track, each an input. MP4 and M4A are copies of MPEG-TS,
 * frame by frame; those of fMP4 are joined without ffmpeg (film/after/join-file.ts).
 */
export function fileArguments(file: FilmFile, { segmentFormat, title, pipe }: FileFacts): FileArguments {
  const offset = segmentFormat === 'mpegts' ? fromZero : [];
  switch (file.format) {
    case 'mp4':
    case 'm4a':
      return copyArguments(file, { title, pipe });
    case 'mp3':
      return {
        inputArgs: inStep,
        outputArgs: [
          ...['-map', '0:0', '-c:a', 'libmp3lame', '-b:a', mp3Bitrate, ...headArguments(title), ...offset],
          ...['-id3v2_version', '3', '-f', 'mp3', file.name],
        ],
      };
    case 'flac':
      return {
        inputArgs: inStep,
        outputArgs: [
          ...['-map', '0:0', '-c:a', 'flac', '-ac', '1', '-ar', String(speechRate)],
          ...[...headArguments(title), ...offset, '-f', 'flac', file.name],
        ],
      };
    case 'webm':
      throw new TypeError('WebM is encoded in parts: see make-webm.ts.');
    case 'gif':
      return {
        inputArgs: readOnce,
        outputArgs: ['-filter_complex', gifFilters, '-map', '[out]', '-loop', '0', '-f', 'gif', file.name],
      };
  }
}

function copyArguments(file: FilmFile, { title, pipe }: Pick<FileFacts, 'title' | 'pipe'>): FileArguments {
  const { format, name, audio, text = [] } = file;
  const inputs = [...inputsOf(file), ...text];
  // ffmpeg finds by itself that it needs the filter, but too late for a header that waits.
  const layout =
    pipe === undefined ? ['-movflags', '+faststart'] : [...fragmented, '-bsf:a', 'aac_adtstoasc'];
  return {
    inputArgs: inStep,
    // Their times are the film's.
    textInputArgs: ['-itsoffset', String(mpegtsOffsetSeconds)],
    outputArgs: [
      ...inputs.flatMap((_, index) => ['-map', `${index}:0`]),
      ...['-c', 'copy', ...headArguments(title), ...fromZero],
      ...[...audio.flatMap(trackArguments), ...text.flatMap(textArguments), ...layout],
      ...['-f', format === 'mp4' ? 'mp4' : 'ipod', pipe === undefined ? name : `pipe:${pipe}`],
    ],
  };
}

/** Nothing that a source's tags say; the job's title alone. */
export function headArguments(title: string | undefined): string[] {
  // No argument of a program can hold a NUL.
  const names = title === undefined ? [] : ['-metadata', `title=${title.replaceAll('\0', '')}`];
  return ['-map_metadata', '-1', '-map_chapters', '-1', ...names];
}

/** The renditions that a file is made of, in the order of its inputs. */
export function inputsOf({ video, audio }: Pick<FilmFile, 'video' | 'audio'>) {
  return [...(video ? [video] : []), ...audio];
}

export function trackArguments({ language }: FilmFile['audio'][number], index: number): string[] {
  const code = language && threeLetters(language);
  return [
    ...(code ? [`-metadata:s:a:${index}`, `language=${code}`] : []),
    ...[`-disposition:a:${index}`, index === 0 ? 'default' : '0'],
  ];
}

function textArguments({ language, label, kind }: FilmSubtitles, index: number): string[] {
  const code = language && threeLetters(language);
  const disposition = { subtitles: '0', sdh: 'hearing_impaired', forced: 'forced' }[kind];
  return [
    ...[`-c:s:${index}`, 'mov_text', `-metadata:s:s:${index}`, `title=${label}`],
    ...(code ? [`-metadata:s:s:${index}`, `language=${code}`] : []),
    ...[`-disposition:s:${index}`, disposition],
  ];
}

/** One of a film's subtitles as an fMP4 file of its own, of the input with its number. `delay_moov`: else nothing stands before the first cue. */
export function textTrackArguments(text: FilmSubtitles, index: number): string[] {
  const head = ['-map_metadata', '-1', '-movflags', '+delay_moov+default_base_moof+frag_custom', '-f', 'mp4'];
  return ['-map', `${index}:0`, ...textArguments(text, 0), ...head, textTrackName(index)];
}

export function textTrackName(index: number): string {
  return `text-${index}.mp4`;
}

const iso6391To3 = new Map(Object.entries(iso6393To1).map(([three, two]) => [two, three]));

/** MP4 has ISO 639-2/T codes: `de-CH` is `deu`. */
export function threeLetters(language: string): string | undefined {
  const [subtag = ''] = language.split('-');
  return subtag.length === 3 ? subtag : iso6391To3.get(subtag);
}

const gifFilters = [
  `[0:v:0]fps=${gif.framesPerSecond},scale='min(${gif.width},iw)':-2:flags=lanczos,split[colours][frames]`,
  '[colours]palettegen=stats_mode=diff[palette]',
  '[frames][palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[out]',
].join(';');
