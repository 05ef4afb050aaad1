import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { Part, Plan } from '../plan/plan.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { Store } from '../storage/store.ts';
import type { Progress } from './progress.ts';

/** What the parts of one film are encoded with. */
export interface EncodeContext {
  plan: Plan;
  tools: MediaTools;
  /** The source server's URL. */
  url: string;
  output: Store;
  folder: PlanFolder;
  /** A private folder of this job on the local disk. */
  workDir: string;
  stallSeconds: number;
  /** How long the source server has been waiting on storage. */
  sourceStalledSeconds: () => number;
  /** The longest film that the settings allow: an endless one is cut off there. */
  maxSeconds: number;
  onProgress: (part: Part, progress: Progress) => void;
  onPublished: (bytes: number) => void;
  /** Before a part's record is written, which waits for it. */
  onRecord: (part: Part) => Promise<void>;
  signal: AbortSignal;
}
