import { createHash } from 'node:crypto';
import type { AudioRendition, MediaPart, Plan } from '../plan/plan.ts';
import type { PartRecord, RenditionRecord, SegmentRecord } from '../protocol/part-record.ts';
import { encryptedBytes } from '../publish/segment-encryption.ts';
import { frameSeconds as audioFrameSeconds, extraAudioFrames, frameOfCut } from './audio-frames.ts';
import { type InitFacts, readFmp4Segment, readInit, type SegmentFacts } from './fmp4-segment.ts';
import { readTsSegment } from './ts-segment.ts';

/** Collects what a part makes and checks each piece and all of them together: ffmpeg's exit code proves nothing. */
export interface Recorder {
  hasInit(rendition: string): boolean;
  addInit(rendition: string, data: Buffer): void;
  /** @throws BadOutputError when the segment is not whole, or does not follow the one before it */
  addSegment(rendition: string, file: string, data: Buffer): { codecs: string; segment: SegmentRecord };
  /** The number of the frame that the part begins with, of an audio rendition. */
  firstFrame(rendition: string): number;
  addSheet(file: string): void;
  addPoster(file: string): void;
  /** Where the last segment so far ends, in film time. */
  endSeconds(): number;
  /** @throws BadOutputError when the renditions do not match */
  finish(run: { errorLines: number; encodeSeconds: number }): PartRecord;
}

/** ffmpeg made something that is not fit to be published: trouble, to be tried again. */
export class BadOutputError extends Error {
  override readonly name = 'BadOutputError';
}

interface Collected {
  init?: InitFacts;
  record: RenditionRecord;
}

export function createRecorder(plan: Plan, part: MediaPart): Recorder {
  const renditions = part.kind === 'audio' ? plan.audio : (plan.video?.renditions ?? []);
  const collected = new Map<string, Collected>(
    renditions.map(({ name }) => [
      name,
      { record: { name, codecs: '', frames: 0, initBytes: 0, segments: [] } },
    ]),
  );
  const partStart = part.startSeconds ?? 0;
  const frameSeconds = frameLength(plan, part);
  const sheets: string[] = [];
  const endSeconds = () => Math.max(partStart, ...[...collected.values()].map(({ record }) => endOf(record)));
  let poster: string | undefined;

  function of(rendition: string): Collected {
    const found = collected.get(rendition);
    if (!found) throw new TypeError(`Rendition "${rendition}" is not in part ${part.index}.`);
    return found;
  }

  return {
    hasInit: (rendition) => of(rendition).init !== undefined,

    addInit(rendition, data) {
      const { record } = of(rendition);
      const init = checked(`the init segment of ${rendition}`, () => readInit(data));
      of(rendition).init = init;
      record.codecs = init.codecs;
      record.initBytes = data.length;
      record.initSha256 = createHash('sha256').update(data).digest('hex');
    },

    addSegment(rendition, file, data) {
      const { init, record } = of(rendition);
      const number = Number.parseInt(file, 10);
      const name = `segment ${number} of ${rendition}`;
      const facts = checked(name, () => (init ? readFmp4Segment(data, init) : readTsSegment(data)));
      const before = record.segments.at(-1);
      const expected = before ? before.startSeconds + before.durationSeconds : startOf(plan, part, rendition);
      if (before ? number !== before.number + 1 : number !== part.firstSegment) {
        throw new BadOutputError(`${name} came after segment ${before?.number ?? 'none'}.`);
      }
      // The stretches of the audio that other workers make fit to the sample.
      const slack = before === undefined && part.kind === 'audio' && partStart > 0 ? 0 : frameSeconds;
      if (Math.abs(facts.startSeconds - expected) > slack + slackSeconds) {
        throw new BadOutputError(
          `${name} starts at ${facts.startSeconds.toFixed(3)} s; the one before it ends at ${expected.toFixed(3)} s.`,
        );
      }
      if ('codecs' in facts) record.codecs = String(facts.codecs);
      record.frames += facts.frames;
      const segment = {
        number,
        startSeconds: facts.startSeconds,
        durationSeconds: facts.durationSeconds,
        // As it is published. Of an encrypted segment no frame can be read alone.
        ...(plan.encryption
          ? { bytes: encryptedBytes(data.length) }
          : {
              bytes: data.length,
              ...(part.kind === 'video' ? { keyframeBytes: facts.firstFrameBytes } : {}),
            }),
      };
      record.segments.push(segment);
      return { codecs: record.codecs, segment };
    },

    firstFrame: (rendition) => frameOfCut(partStart, audioOf(plan, rendition)),

    addSheet: (file) => sheets.push(file),

    addPoster(file) {
      poster = file;
    },

    endSeconds,

    finish({ errorLines, encodeSeconds }) {
      const records = [...collected.values()].map(({ record }) => withoutUnusedInit(record));
      const first = records[0];
      for (const record of records) {
        if (part.kind === 'video' && first) assertSame(first, record);
      }
      const audioWarnings =
        part.kind === 'audio' ? records.flatMap((record) => checkAudio(plan, record)) : [];
      const end = endSeconds();
      const missing = first && part.kind === 'video' ? framesMissing(first, frameSeconds) : 0;
      const isExplained = missing > 0 && errorLines > 0;
      if (first && !isExplained && Math.abs(missing) > frameSlack) {
        const { frames } = first;
        throw new BadOutputError(
          `Part ${part.index} has ${frames} frames from ${partStart.toFixed(3)} s to ${end.toFixed(3)} s, where ` +
            `${frames + Math.round(missing)} were due.`,
        );
      }
      const tiles =
        plan.video && part.kind === 'video'
          ? tilesOf(sheets, plan.video.storyboard, partStart, end - frameSeconds)
          : [];
      // Each time that ffmpeg makes its filters again, as on the GPU where the picture's size changes, there is a blank one.
      if (plan.video?.path === 'gpu' && tiles.some(({ tileSeconds }) => tileSeconds.length === 0))
        throw new BadOutputError(
          `Part ${part.index} has ${sheets.length} sheets of its storyboard, more than its length: ffmpeg made its filters again.`,
        );
      return {
        version: 1,
        part: part.index,
        renditions: records,
        endSeconds: end,
        sheets: tiles,
        ...(poster ? { poster } : {}),
        warnings: [
          ...damage(part, { partStart, end, errorLines }),
          ...audioWarnings,
          ...(isExplained && missing > frameSlack
            ? [
                `${counted(Math.round(missing), 'frame')} from ${partStart.toFixed(0)} s to ${end.toFixed(0)} s could not be decoded.`,
              ]
            : []),
        ],
        encodeSeconds,
      };
    },
  };
}

/** Where its owner can look for what the decoder complained of. */
function damage(
  { kind }: MediaPart,
  { partStart, end, errorLines }: { partStart: number; end: number; errorLines: number },
): string[] {
  if (errorLines === 0) return [];
  const where = kind === 'video' ? ` from ${partStart.toFixed(0)} s to ${end.toFixed(0)} s` : '';
  return [
    `The film's ${kind} may be damaged${where}: its decoder reported ${counted(errorLines, 'error')}. ${kind === 'video' ? 'Look' : 'Listen'} whether it is right.`,
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Where the first segment is to begin. */
function startOf(plan: Plan, { kind, startSeconds = 0 }: MediaPart, rendition: string): number {
  if (kind === 'video' || startSeconds === 0) return startSeconds;
  const framed = audioOf(plan, rendition);
  return frameOfCut(startSeconds, framed) * audioFrameSeconds(framed);
}

/** Clocks of 90 kHz and of milliseconds round. */
const slackSeconds = 0.002;

function frameLength(plan: Plan, part: MediaPart): number {
  if (part.kind === 'video' && plan.video) return plan.video.frameRate.den / plan.video.frameRate.num;
  return Math.max(...plan.audio.map(audioFrameSeconds), 0);
}

function audioOf({ audio }: Plan, rendition: string): Pick<AudioRendition, 'codec' | 'sampleRate'> {
  return audio.find(({ name }) => name === rendition) ?? { sampleRate: 48000 };
}

function checked<T extends InitFacts | SegmentFacts>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new BadOutputError(`ffmpeg made ${name} unfit: ${(error as Error).message}.`, { cause: error });
  }
}

/** A part behind the film's end has an init segment that belongs to no media segment. */
function withoutUnusedInit(record: RenditionRecord): RenditionRecord {
  if (record.segments.length > 0) return record;
  const { initSha256, ...rest } = record;
  return { ...rest, codecs: '', initBytes: 0 };
}

function endOf({ segments }: RenditionRecord): number {
  const last = segments.at(-1);
  return last ? last.startSeconds + last.durationSeconds : 0;
}

/** All rungs come from the same frames, so they have the same segments with the same frames in them. */
function assertSame(first: RenditionRecord, other: RenditionRecord): void {
  if (first.segments.length !== other.segments.length || first.frames !== other.frames) {
    throw new BadOutputError(
      `Renditions differ: ${first.name} has ${first.segments.length} segments and ${first.frames} frames, ` +
        `${other.name} ${other.segments.length} and ${other.frames}.`,
    );
  }
}

/**
 * More frames than a rendition's length holds are squeezed into it, which no player plays right. Fewer are a gap.
 * @returns warnings
 */
function checkAudio(plan: Plan, record: RenditionRecord): string[] {
  const framed = audioOf(plan, record.name);
  const extra = extraAudioFrames(record, framed);
  if (extra > 0)
    throw new BadOutputError(
      `${record.name} has ${record.frames} frames, ${extra} more than its ${endOf(record).toFixed(3)} s hold.`,
    );
  const gapSeconds = -extra * audioFrameSeconds(framed);
  return extra < 0 ? [`The audio of ${record.name} has gaps of ${gapSeconds.toFixed(2)} s.`] : [];
}

/** The first and the last frame of a part may be off by a fraction of one each. */
const frameSlack = 2;

/** By how many frames a part has fewer than its length and rate say; below zero where it has more. */
function framesMissing(record: RenditionRecord, frameSeconds: number): number {
  const [first] = record.segments;
  if (!first) return 0;
  return (endOf(record) - first.startSeconds) / frameSeconds - record.frames;
}

/** Film times of the tiles in each sheet: one for every interval in which a frame of the part begins. */
function tilesOf(
  files: readonly string[],
  { intervalSeconds, columns, rows }: { intervalSeconds: number; columns: number; rows: number },
  startSeconds: number,
  lastFrameSeconds: number,
) {
  const count = Math.floor((lastFrameSeconds - startSeconds) / intervalSeconds + 1e-6) + 1;
  const times = Array.from({ length: count }, (_, index) => startSeconds + index * intervalSeconds);
  return files.map((file, index) => ({
    file,
    tileSeconds: times.slice(index * columns * rows, (index + 1) * columns * rows),
  }));
}
