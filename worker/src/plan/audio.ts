import type { Substream } from '../probe/immersive-audio.ts';
import type { AudioStream, Media } from '../probe/media.ts';
import { type AudioTrack, defaultTrack, joinDualMono } from './audio-tracks.ts';
import { endOf } from './frame-timing.ts';
import { languageName, makeUnique, readable } from './labels.ts';
import type { AudioRendition } from './plan.ts';

/** AAC-LC rates: Apple's HLS authoring specification (2.12) has 32 to 160 kb/s for stereo. */
const bitrates = { 1: 64_000, 2: 128_000 } as const;

/** Less than this is cut away by rounding. */
const shortestSeconds = 0.001;

/** More tracks than this make a menu that no viewer reads, and cost an encoder each. */
const maxTracks = 16;

/**
 * Each audio stream that can be decoded becomes a rendition, in mono or stereo.
 * @returns also warnings about what was left out or guessed
 */
export function planAudio(
  { audio, format }: Pick<Media, 'audio'> & Partial<Pick<Media, 'format'>>,
  zeroSeconds: number,
): { audio: AudioRendition[]; warnings: string[] } {
  const isHeard = (stream: AudioStream) =>
    stream.durationSeconds <= 0 || endOf(stream, zeroSeconds) > shortestSeconds;
  const tracks = joinDualMono(audio.filter(isHeard));
  const chosen = tracks.slice(0, maxTracks);
  const warnings = [
    ...audio
      .filter((stream) => !isHeard(stream))
      .map(({ index }) => `audio stream ${index} was left out: it ends before the film's first picture`),
    ...tracks
      .slice(maxTracks)
      .map(
        ({ stream }) => `audio stream ${stream.index} was left out: ${maxTracks} audio tracks are the most`,
      ),
    ...chosen.flatMap(({ stream, right }) => {
      if (right)
        return [`audio streams ${stream.index} and ${right.index} were joined: left and right of one track`];
      if (!stream.substreams) return [];
      const indexes = stream.substreams.map(({ index }) => index).join(', ');
      return [`audio streams ${indexes} are one immersive mix (IAMF) and were mixed to stereo`];
    }),
  ];
  const labels = uniqueLabels(chosen.map(({ stream }) => stream));
  const main = defaultTrack(chosen);
  const renditions = chosen.map((track, n): AudioRendition => {
    const { stream } = track;
    const joined = joinStreams(track);
    const channels = stream.channels === 1 && !joined ? 1 : 2;
    if (!joined && stream.channelLayout === undefined && stream.channels > 1 && !panOf[stream.channels])
      warnings.push(
        `audio stream ${stream.index} has ${stream.channels} channels in an unknown layout: the first two were taken`,
      );
    return {
      streamIndexes: joined?.streamIndexes ?? [stream.index],
      durationSeconds: endOf(stream, zeroSeconds),
      name: ['audio', n, stream.language].filter((word) => word !== undefined).join('-'),
      label: labels[n] ?? `Track ${n + 1}`,
      language: stream.language,
      default: track === main,
      ...(stream.role ? { role: stream.role } : {}),
      ...(stream.version ? { version: stream.version } : {}),
      channels,
      ...(joined ? { join: joined.join } : {}),
      prepare: joined?.prepare ?? [...(format === 'mpegts' ? spaceFrames(stream) : []), ...downmix(stream)],
      // The two families of rates: halving or doubling within one needs no long resampling filter.
      sampleRate: stream.sampleRate % 11_025 === 0 ? 44100 : 48000,
      bitrate: bitrates[channels],
    };
  });
  return { audio: renditions, warnings };
}

/**
 * Stereo from this many channels in an unknown layout, taken to be in the usual order (front left and right, centre, low
 * frequencies, then surround). Low frequencies are left out and the rest weighted as in ITU-R BS.775; `<` keeps the sum
 * within full scale.
 */
const panOf: Record<number, string> = {
  2: 'pan=stereo|c0=c0|c1=c1',
  3: 'pan=stereo|c0<c0+0.707c2|c1<c1+0.707c2',
  4: 'pan=stereo|c0<c0+0.707c2+0.5c3|c1<c1+0.707c2+0.5c3',
  5: 'pan=stereo|c0<c0+0.707c2+0.707c3|c1<c1+0.707c2+0.707c4',
  6: 'pan=stereo|c0<c0+0.707c2+0.707c4|c1<c1+0.707c2+0.707c5',
  7: 'pan=stereo|c0<c0+0.707c2+0.5c4+0.707c5|c1<c1+0.707c2+0.5c4+0.707c6',
  8: 'pan=stereo|c0<c0+0.707c2+0.5c4+0.707c6|c1<c1+0.707c2+0.5c5+0.707c7',
};

/** One stereo stream of several; undefined for a track that is one stream. */
function joinStreams({
  stream,
  right,
}: AudioTrack): Pick<AudioRendition, 'streamIndexes' | 'join' | 'prepare'> | undefined {
  if (right)
    return {
      streamIndexes: [stream.index, right.index],
      join: 'join=inputs=2:channel_layout=stereo',
      prepare: [],
    };
  if (!stream.substreams) return undefined;
  return {
    streamIndexes: stream.substreams.map(({ index }) => index),
    join: `amerge=inputs=${stream.substreams.length}`,
    prepare: [panOfMix(stream.substreams)],
  };
}

/** Stereo of an immersive mix, whose pairs come before the centre and the low frequencies; weights as in `panOf`. */
function panOfMix(substreams: readonly Substream[]): string {
  const pairs = substreams.filter(({ channels }) => channels === 2).length;
  const sideOf = (side: 0 | 1) => {
    const paired = Array.from({ length: pairs }, (_, n) => `${n === 0 ? '' : '0.707'}c${2 * n + side}`);
    const centre = substreams.length > pairs ? [`0.707c${2 * pairs}`] : [];
    return `c${side}<${[...paired, ...centre].join('+')}`;
  };
  return `pan=stereo|${sideOf(0)}|${sideOf(1)}`;
}

/**
 * A PES packet of MPEG-TS has one timestamp for several frames of AAC, and ffmpeg spaces those by the rate that it found first
 * (aac_ac3_parser.c leaves AAC's out), also where the audio has another rate by then. So the frames behind the first of a packet follow
 * one another by their own rate.
 */
export function spaceFrames({ codec, sampleRate }: AudioStream): string[] {
  if (!codec.startsWith('aac')) return [];
  const isFirst = `isnan(PREV_INT)+gt(abs(T-PREV_INT-S/${sampleRate}),0.002)`;
  return [`asetpts='if(eq(SR,${sampleRate})+${isFirst},PTS,(PREV_OUTT+S/SR)/TB)'`];
}

/** Where the layout is known, ffmpeg mixes by default. */
function downmix({ channels, channelLayout }: AudioStream): string[] {
  if (channelLayout !== undefined) return [];
  return [channels === 1 ? 'pan=mono|c0=c0' : (panOf[channels] ?? 'pan=stereo|c0=c0|c1=c1')];
}

function uniqueLabels(streams: readonly AudioStream[]): string[] {
  return makeUnique(
    streams.map((stream, n) => readable(stream.title) ?? describe(stream) ?? `Track ${n + 1}`),
  );
}

const roleNames = {
  commentary: 'Commentary',
  description: 'Audio description',
  'clear-speech': 'Clear speech',
} as const;

function describe({ language, role }: AudioStream): string | undefined {
  const name = languageName(language);
  if (role === undefined) return name;
  return name === undefined ? roleNames[role] : `${name} (${roleNames[role].toLowerCase()})`;
}
