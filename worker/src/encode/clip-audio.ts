import type { AudioRendition, ClipPlan, Plan } from '../plan/plan.ts';
import { audioFormat, leadSeconds, maxDriftSeconds, mixFilters, silence } from './audio-filters.ts';
import { type ClipPlace, seekInClip } from './clip-view.ts';
import { clockFilter } from './clock-filter.ts';

/** The arguments of an ffmpeg run that makes the samples of a clip. */
export interface ClipRun {
  source: number;
  lavfiFirst: string;
  inputArgs: string[];
  /** Where each packet of samples lies goes to descriptor 3, and the samples to descriptor 4. */
  outputArgs: string[];
}

/**
 * Whether the worker writes the audio to its encoder: of joined clips, which have different formats, and of a film with music, which is
 * mixed here.
 */
export function isWritten({ clips, music }: Pick<Plan, 'clips' | 'music'>): boolean {
  return clips !== undefined || music !== undefined;
}

/** What is heard of a clip on the film's time line, to the sample: so no clip moves the ones behind it. */
export interface ClipAudio {
  /** Samples of each channel. */
  samples: number;
  /** Of them those that are heard together with the clip before, and with the one behind. */
  fadeIn: number;
  fadeOut: number;
  /** Undefined where the clip is silent. */
  run?: ClipRun;
}

/** Audio is read from so long before a clip, as a decoder is not right from its first samples on. */
const prerollSeconds = 1;

/** Bytes of a sample between the runs: 32-bit floating point. */
export const sampleBytes = 4;

/**
 * Each clip has a run of its own. With an input for each clip in one run, ffmpeg 7 and later would lose audio now and then: it reads all
 * inputs at once, keeps what it has decoded until the last input has sent something, and takes it for the format that an input has by then.
 * And when the format of one input changes, it makes the filters of all again.
 */
export function clipAudio(plan: Plan, index: number): ClipAudio[] {
  const { clips = [wholeFilm(plan)], audio } = plan;
  const rendition = audio[index];
  if (rendition === undefined) throw new TypeError(`The film has no audio rendition ${index}.`);
  const sampleAt = (seconds: number) => Math.round(seconds * rendition.sampleRate);
  const shared = (n: number) => {
    const [clip, next] = [clips[n], clips[n + 1]];
    return clip && next ? sampleAt(clip.endSeconds) - sampleAt(next.startSeconds) : 0;
  };
  return clips.map((clip, n) => {
    const samples = sampleAt(clip.endSeconds) - sampleAt(clip.startSeconds);
    const place = { samples, fadeIn: shared(n - 1), fadeOut: shared(n) };
    const made = clip.audio[index];
    return made ? { ...place, run: runOf(clip, made, rendition, samples) } : place;
  });
}

/** A whole source is one clip. */
function wholeFilm({ durationSeconds, zeroSeconds, clock, fragmentTable, audio }: Plan) {
  const place: ClipPlace = {
    source: 0,
    startSeconds: 0,
    fromSeconds: 0,
    zeroSeconds,
    ...(clock ? { clock } : {}),
    ...(fragmentTable ? { fragmentTable } : {}),
  };
  const heard = audio.map((rendition) => (rendition.streamIndexes.length === 0 ? null : rendition));
  return { ...place, endSeconds: durationSeconds, audio: heard };
}

/** @param samples that are read at most */
export function runOf(
  clip: ClipPlace,
  { streamIndexes, join, prepare }: NonNullable<ClipPlan['audio'][number]>,
  rendition: Pick<AudioRendition, 'sampleRate' | 'channels'>,
  samples: number,
): ClipRun {
  const clock = { clock: clip.clock, zeroSeconds: clip.zeroSeconds + clip.startSeconds };
  const own = [
    ...(join ? [join] : []),
    ...clockFilter('asetpts', clock),
    ...prepare,
    ...mixFilters(rendition),
    `atrim=start=${-leadSeconds / 2}`,
    'asettb=1/1000000',
  ];
  const lead = [audioFormat(rendition), 'asettb=1/1000000', `asetpts=PTS-${leadSeconds}/TB`];
  const sync = `aresample=${rendition.sampleRate}:async=1:min_hard_comp=${maxDriftSeconds}`;
  const filters = [
    `[0:0]${lead.join(',')}[lead]`,
    `${streamIndexes.map((stream) => `[1:${stream}]`).join('')}${own.join(',')}[own]`,
    `[lead][own]ainterleave,${sync},atrim=start_pts=0:end_pts=${samples},asplit[places][samples]`,
  ];
  const output = ['-c:a', 'pcm_f32le', '-flush_packets', '1'];
  return {
    source: clip.source,
    lavfiFirst: silence,
    inputArgs: ['-vn', ...seekInClip(clip, clip.startSeconds - prerollSeconds, clip.startSeconds)],
    outputArgs: [
      ...['-filter_complex', filters.join(';')],
      ...['-map', '[places]', ...output, '-f', 'framecrc', 'pipe:3'],
      ...['-map', '[samples]', ...output, '-f', 'f32le', 'pipe:4'],
    ],
  };
}
