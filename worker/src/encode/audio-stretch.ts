import type { AudioGrid, AudioPart, AudioRendition, Plan } from '../plan/plan.ts';
import { type AudioInputs, audioFormat, leadSeconds, maxDriftSeconds, mixFilters } from './audio-filters.ts';
import { firstSample, frameOfCut, frameSeconds, runFrom, samplesPerFrame } from './audio-frames.ts';
import { seconds } from './seconds.ts';

/**
 * AAC: so many frames are encoded before a part's first one and thrown away: by then the encoder has come to the same rate and the same
 * choices as one that has encoded all that is before. With one frame or none, a joint has a hole.
 */
const leadFrames = 300;

/** The encoder looks ahead of a frame for its block sizes: the frame's own samples twice over, and one more frame. */
const tailFrames = 3;

/** A decoder is not right from its first samples on, and the index leads near a place, not to it. */
const prerollSeconds = 1;

/**
 * A stretch of a film's audio, made so that it fits those before and after it to the sample: every worker puts each sample of the
 * source in the same place, whatever it began to read with.
 */
export class AudioStretch {
  readonly #part: AudioPart;
  /** A whole second: there the samples of all rates meet, so that a change of the rate comes out the same in every part. */
  readonly #zeroSeconds: number;

  constructor({ audio }: Pick<Plan, 'audio'>, part: AudioPart, startSeconds: number) {
    this.#part = part;
    const firsts = audio.map(
      (rendition) => encodedFrom(frameOfCut(startSeconds, rendition), rendition) * frameSeconds(rendition),
    );
    this.#zeroSeconds = Math.floor(Math.min(...firsts)) - leadSeconds;
  }

  /** Film time. */
  get readFromSeconds(): number {
    return this.#zeroSeconds - prerollSeconds;
  }

  /**
   * Packets of the encoder that are not published, as an expression of ffmpeg's. They are counted, as times there are in a clock that
   * depends on the container. AAC's first packet is the encoder's priming, a frame before its first sample.
   */
  dropped(rendition: AudioRendition): string {
    const [first, next] = this.#frames(rendition);
    const from = encodedFrom(first, rendition) - (rendition.codec === 'ac3' ? 0 : 1);
    const early = `lt(n,${first - from})`;
    return next === undefined ? early : `${early}+gte(n,${next - from})`;
  }

  /**
   * Where the run begins in the film, and its cuts from there: the segment muxer of ffmpeg 7 and later counts them from its first packet,
   * that of 5 from zero.
   */
  times(rendition: AudioRendition): { offsetSeconds: number; cuts: number[] } {
    const [first] = this.#frames(rendition);
    const secondsOf = (frames: number) => frames * frameSeconds(rendition);
    const cuts = this.#part.segmentCuts.map((cut) => secondsOf(frameOfCut(cut, rendition) - first));
    return { offsetSeconds: secondsOf(first), cuts };
  }

  /** Of what is published. */
  lengthSeconds(rendition: AudioRendition): number | undefined {
    const [first, next] = this.#frames(rendition);
    return next === undefined ? undefined : (next - first) * frameSeconds(rendition);
  }

  /**
   * As `filters` of the whole audio, but that nothing is left to the first timestamp: samples are put in their places at the source's own
   * rate, where they are whole numbers, and the rate is changed after that.
   */
  filters(
    rendition: AudioRendition,
    { output, maxSeconds, inputs }: { output: string; maxSeconds: number; inputs: AudioInputs },
  ): string {
    const { streamIndexes, join, prepare, sampleRate, grid } = rendition;
    if (grid === undefined) throw new TypeError(`The audio of ${rendition.name} is cut and has no grid.`);
    const [first, next] = this.#frames(rendition);
    const frame = samplesPerFrame(rendition);
    const begin = firstSample(encodedFrom(first, rendition), rendition);
    const end = next === undefined ? Math.round(maxSeconds * sampleRate) : (next + tailFrames) * frame;
    const atSource = { ...rendition, sampleRate: grid.sampleRate };
    // Each stream for itself: the index leads each to another place.
    const own = [...placed(grid), `atrim=start=${seconds(this.#zeroSeconds + leadSeconds / 2)}`];
    const streams = streamIndexes.map((index) => `[${inputs.film}:${index}]${own.join(',')}`);
    const mixed = [...(join ? [join] : []), ...prepare, ...mixFilters(atSource), 'asettb=1/1000000'];
    const film = join
      ? [
          ...streams.map((stream, n) => `${stream}[s${n}]`),
          `${streams.map((_, n) => `[s${n}]`).join('')}${mixed.join(',')}[film]`,
        ]
      : [`${streams.join('')},${mixed.join(',')}[film]`];
    const lead = [audioFormat(atSource), 'asettb=1/1000000', `asetpts=PTS+${this.#zeroSeconds}/TB`];
    const sync = `asettb=1/${grid.sampleRate},aresample=${grid.sampleRate}:async=1:min_hard_comp=${maxDriftSeconds}`;
    const resampled =
      grid.sampleRate === sampleRate ? [] : resample(sampleRate, this.#zeroSeconds * sampleRate);
    return [
      `[${inputs.silence}:0]${lead.join(',')}[lead]`,
      ...film,
      [
        '[lead][film]ainterleave',
        sync,
        ...resampled,
        `atrim=start_pts=${begin}:end_pts=${end}`,
        `asetpts=PTS-${first * frame}[${output}]`,
      ].join(','),
    ].join(';');
  }

  /** The part's first frame, and the first of the next part. */
  #frames(rendition: AudioRendition): [number, number | undefined] {
    const { startSeconds = 0, endSeconds } = this.#part;
    return [
      frameOfCut(startSeconds, rendition),
      endSeconds === undefined ? undefined : frameOfCut(endSeconds, rendition),
    ];
  }
}

/** @param first frame that is published */
function encodedFrom(first: number, rendition: AudioRendition): number {
  const earliest = runFrom(rendition);
  return rendition.codec === 'ac3' ? first + earliest : Math.max(earliest, first - leadFrames);
}

/**
 * Samples are counted from the first one, whose time is known: times that `aresample` computes from its own delay are a sample off here
 * and there. Where ffmpeg makes the filters again in the middle of a film, the first one's time is taken as it is.
 */
function resample(sampleRate: number, firstSample: number): string[] {
  const first = `if(lt(abs(STARTPTS-(${firstSample})),${sampleRate / 100}),${firstSample},STARTPTS)`;
  return [`aresample=${sampleRate}`, `asetpts='${first}+NB_CONSUMED_SAMPLES'`];
}

/** Timestamps that a container rounds, or a recorder shakes, become those of the grid. */
function placed({ sampleRate, packetSamples, offsetSamples }: AudioGrid): string[] {
  if (packetSamples === 1) return [];
  // Of the first packet the decoder may leave out an encoder's lead: its end is in its place then.
  const ahead = 'if(eq(N,0),NB_SAMPLES,0)';
  const nearest = `round((T*${sampleRate}+${ahead}-${offsetSamples})/${packetSamples})*${packetSamples}+${offsetSamples}-${ahead}`;
  // Of audio that goes on at another rate, nothing is known.
  return [`asetpts='if(eq(SR,${sampleRate}),round((${nearest})/(${sampleRate}*TB)),PTS)'`];
}
