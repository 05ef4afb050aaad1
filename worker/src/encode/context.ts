import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { Progress } from '../ffmpeg/progress.ts';
import type { Part, Plan } from '../plan/plan.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { PartRecord, SegmentRecord } from '../protocol/part-record.ts';
import type { Store } from '../storage/store.ts';

/** What the parts of one film are encoded with. */
export interface EncodeContext {
  plan: Plan;
  tools: MediaTools;
  /** URLs of the source servers, in the order of the job's sources. */
  urls: readonly string[];
  output: Store;
  /** What segments are encrypted with before they are published; undefined: they are in clear. */
  segmentKey?: Buffer | undefined;
  folder: PlanFolder;
  /** A private folder of this job on the local disk. */
  workDir: string;
  stallSeconds: number;
  /** Whether the audio is read beside the video, so that the film is fetched once: of no use where each part has a worker. */
  pacesAudio: boolean;
  /** Of a film that is played early: behind its first segment the audio leaves the processor to the video until this resolves. */
  audioYieldsUntil?: Promise<void> | undefined;
  /** How long the source server has been waiting on storage. */
  sourceStalledSeconds: () => number;
  /** Why the source can't be read on; undefined while it can. */
  sourceFailure: () => unknown;
  /** A file beside the film, whole. @throws RefusedError, SubtitleError when it is gone or too large */
  readSideFile: (source: string, maxBytes: number) => Promise<Buffer>;
  /** The longest film that the settings allow: an endless one is cut off there. */
  maxSeconds: number;
  onProgress: (part: Part, progress: Progress) => void;
  onPublished: (part: Part, bytes: number) => void;
  /** A rendition's init segment or one of its media segments is in storage. */
  onSegment?: (part: Part, rendition: string, piece: PublishedPiece) => void;
  /** Writes that a part is done and published. */
  record: (part: Part, record: PartRecord, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

export type PublishedPiece = { kind: 'init' } | { kind: 'segment'; codecs: string; segment: SegmentRecord };

/** Of one of the job's sources. */
export function sourceUrl({ urls }: Pick<EncodeContext, 'urls'>, index: number): string {
  const url = urls[index];
  if (url !== undefined) return url;
  throw new TypeError(`The plan names source ${index}, and ${urls.length} are open.`);
}
