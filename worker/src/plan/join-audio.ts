import type { Media } from '../probe/media.ts';
import { planAudio } from './audio.ts';
import { filmZero } from './frame-timing.ts';
import { asStereo, musicAlone, withMusic } from './music.ts';
import type { AudioRendition, ClipPlan } from './plan.ts';

interface AudioClip {
  source: number;
  media: Media;
}

interface JoinedAudio {
  audio: AudioRendition[];
  /** For each clip, what becomes each rendition. */
  ofClips: ClipPlan['audio'][];
  warnings: string[];
}

/**
 * Clips of one source keep all its audio tracks. Those of several have one track, made of each clip's default one, as tracks of
 * different films do not belong together.
 */
export function planJoinedAudio(
  clips: readonly AudioClip[],
  durationSeconds: number,
  { hasMusic }: { hasMusic: boolean },
): JoinedAudio {
  const own = clips.map(({ media }) => planAudio(media, filmZero(media)));
  const [first] = own;
  const warnings = own.flatMap((each) => each.warnings);
  if (first !== undefined && new Set(clips.map(({ source }) => source)).size === 1) {
    const audio = first.audio.map(({ join, ...rendition }) => ({
      ...rendition,
      streamIndexes: [],
      prepare: [],
      durationSeconds,
    }));
    if (!hasMusic) return { audio, ofClips: own.map((each) => each.audio.map(madeOf)), warnings };
    const ofClips = own.map((each) => (each.audio.length === 0 ? [null] : each.audio.map(asStereo)));
    return { audio: withMusic(audio, durationSeconds), ofClips, warnings };
  }
  const defaults = own.map(({ audio }) => audio.find((rendition) => rendition.default) ?? audio[0]);
  const heard = defaults.filter((rendition) => rendition !== undefined);
  const [one] = heard;
  if (one === undefined) {
    if (hasMusic) return { audio: [musicAlone(durationSeconds)], ofClips: clips.map(() => [null]), warnings };
    return { audio: [], ofClips: clips.map(() => []), warnings };
  }
  const [language, ...others] = new Set(heard.map((rendition) => rendition.language));
  const known = others.length === 0 ? language : undefined;
  const channels = hasMusic || heard.some((rendition) => rendition.channels === 2) ? 2 : 1;
  const leftOut = own.some(({ audio }) => audio.length > 1)
    ? ['clips of several films are joined with one audio track: further tracks of them were left out']
    : [];
  const joined: AudioRendition = {
    streamIndexes: [],
    durationSeconds,
    name: ['audio', 0, known].filter((word) => word !== undefined).join('-'),
    label: known === undefined ? 'Track 1' : one.label,
    language: known,
    default: true,
    channels,
    prepare: [],
    sampleRate: heard.every((rendition) => rendition.sampleRate === 44100) ? 44100 : 48000,
    bitrate: Math.max(...heard.map(({ bitrate }) => bitrate)),
  };
  return {
    audio: hasMusic ? withMusic([joined], durationSeconds) : [joined],
    ofClips: defaults.map((rendition) => [rendition === undefined ? null : asLoud(rendition, channels)]),
    warnings: [...warnings, ...leftOut],
  };
}

function asLoud(rendition: AudioRendition, channels: 1 | 2) {
  return channels === 2 ? asStereo(rendition) : madeOf(rendition);
}

function madeOf({ streamIndexes, join, prepare }: AudioRendition) {
  return { streamIndexes, ...(join === undefined ? {} : { join }), prepare };
}
