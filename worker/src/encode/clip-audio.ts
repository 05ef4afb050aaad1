import type { AudioRendition, ClipPlan, Plan } from '../plan/plan.ts';
import { audioFormat, leadSeconds, maxDriftSeconds, mixFilters, silence } from './audio-filters.ts';
import { seekInClip } from './clip-view.ts';
import { clockFilter } from './clock-filter.ts';
import { seconds } from './seconds.ts';

/** The inputs of the run that makes all audio of joined clips, and the filters of each rendition. */
interface ClipAudio {
  inputs: { source: number; inputArgs: string[] }[];
  /** After the inputs: silence, made by ffmpeg itself. */
  silenceArgs: string[];
  /** @returns the filters that end in `[output]` */
  filtersOf: (rendition: number, output: string) => string;
}

/** Audio is read from so long before a clip, as a decoder is not right from its first samples on. */
const prerollSeconds = 1;

/**
 * Each clip is an input of its own, and is heard from its start to its end on the film's time line, to the sample: what is missing at
 * either end is filled with silence, and what is too much is cut off. So no clip moves the ones behind it. They are put one after another
 * by their times, and not by `concat`, as ffmpeg makes all filters again where the format of an input changes.
 */
export function clipAudio({ clips = [], audio, durationSeconds }: Plan): ClipAudio {
  const heard = clips.filter((clip) => clip.audio.some((made) => made !== null));
  const silent = clips.filter((clip) => !heard.includes(clip));
  const lead = heard.length;
  return {
    inputs: heard.map((clip) => ({ source: clip.source, inputArgs: ['-vn', ...seekClipAudio(clip)] })),
    silenceArgs: [
      ...lavfi(silence),
      ...silent.flatMap(({ startSeconds, endSeconds }) =>
        lavfi(`anullsrc=sample_rate=48000:duration=${seconds(endSeconds - startSeconds)}`),
      ),
    ],
    filtersOf(index, output) {
      const rendition = audio[index];
      if (rendition === undefined) throw new TypeError(`The film has no audio rendition ${index}.`);
      const format = audioFormat(rendition);
      const micro = 'asettb=1/1000000';
      const names = clips.map((_, n) => `[c${n}]`).join('');
      const leads = ['[film]', ...heard.map((_, n) => `[l${n}]`)];
      return [
        `[${lead}:0]${format},${micro},asetpts=PTS-${leadSeconds}/TB,asplit=${leads.length}${leads.join('')}`,
        ...clips.flatMap((clip, n) => {
          const length = seconds(clip.endSeconds - clip.startSeconds);
          const place = `asetpts=PTS+${seconds(clip.startSeconds)}/TB[c${n}]`;
          const input = heard.indexOf(clip);
          if (input < 0) return [`[${lead + 1 + silent.indexOf(clip)}:0]${format},${micro},${place}`];
          return [
            `${ownAudio(clip, rendition, { index, input })}[o${n}]`,
            `[l${input}][o${n}]ainterleave,${sync(rendition)},apad,atrim=start=0:end=${length},${micro},${place}`,
          ];
        }),
        `[film]${names}ainterleave=nb_inputs=${clips.length + 1},${sync(rendition)},apad,` +
          `atrim=start=0:end=${seconds(durationSeconds)}[${output}]`,
      ].join(';');
    },
  };
}

function seekClipAudio(clip: ClipPlan): string[] {
  return seekInClip(clip, clip.startSeconds - prerollSeconds, clip.startSeconds);
}

function ownAudio(
  clip: ClipPlan,
  rendition: AudioRendition,
  { index, input }: { index: number; input: number },
): string {
  const made = clip.audio[index];
  if (!made) throw new TypeError(`Clip ${clip.source} has no audio for ${rendition.name}.`);
  const { streamIndexes, join, prepare } = made;
  const clock = { clock: clip.clock, zeroSeconds: clip.zeroSeconds + clip.startSeconds };
  return (
    streamIndexes.map((stream) => `[${input}:${stream}]`).join('') +
    [
      ...(join ? [join] : []),
      ...clockFilter('asetpts', clock),
      ...prepare,
      ...mixFilters(rendition),
      `atrim=start=${-leadSeconds / 2}`,
      'asettb=1/1000000',
    ].join(',')
  );
}

function sync({ sampleRate }: AudioRendition): string {
  return `aresample=${sampleRate}:async=1:min_hard_comp=${maxDriftSeconds}`;
}

function lavfi(source: string): string[] {
  return ['-f', 'lavfi', '-i', source];
}
