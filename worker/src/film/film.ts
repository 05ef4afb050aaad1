import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { Logger } from '../log.ts';
import type { MachineSize } from '../plan/load.ts';
import type { Metric } from '../plan/measure.ts';
import type { Plan, VideoEncoder } from '../plan/plan.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PartRequest, WebmSource } from '../protocol/part-request.ts';
import type { Film, JobState } from '../protocol/status.ts';
import type { FilmRequest } from '../publish/film-record.ts';
import type { Place } from '../queue/places.ts';
import type { JobReport } from '../report/reporter.ts';
import type { Settings } from '../settings/settings.ts';
import type { SourceServers } from '../source/servers.ts';
import type { Stores } from '../storage/stores.ts';
import type { DoorRules } from './door.ts';
import type { Breaks } from './session/breaks.ts';
import type { Invocation } from './session/invocation.ts';

/*
 * The nouns of this room. Read on in this order:
 *
 *   transcode.ts       a job from its source to the published film, or a planned film that this worker joins
 *   open-source.ts     its sources, and what serves them to ffmpeg; side-files.ts finds subtitles beside them
 *   plan-film.ts       probe → plan; try-qualities.ts gives the film a CRF of its own
 *   through-door.ts    a function before the jobs queue: who makes the film? door.ts decides
 *   make-film.ts       one planned film: join → encode → claim the assembly → publish
 *   clean-up-film.ts   what goes after the commit
 *
 * One worker or several:
 *   join-film.ts       alone or with others? The planner sends part requests, a helper answers one
 *   session.ts         what a session gives: the next part, its record, the right to commit
 *   solo-session.ts    one worker makes every part
 *   shared-session.ts  several do: leases (held-leases.ts), who is at what (looks.ts, view.ts), which part next (choose.ts), who
 *                      reports progress (status-reporter.ts)
 *   encode-parts.ts    encodes what the session gives, uploads beside it; film-progress.ts adds up how far it is
 *   invocation.ts      the time that a function has
 *   breaks.ts          between two parts: work of higher lanes
 *
 * Played while it is made:
 *   early-play.ts      whether that is wanted, and from when on players can begin
 *   early-writer.ts    writes the playlists of what is there (early-parts.ts of all workers, made-segments.ts of this one)
 *
 * While it is made, by the planner:
 *   files-ahead.ts     begins the files that are copies (expected-film.ts: which), with what follow-stream.ts finds of the stream
 *
 * After the commit, by one worker at a time (files-lease.ts):
 *   make-files.ts      MP4, audio files and GIFs. make-file.ts makes one of the stream: join-file.ts joins what read-in-order.ts reads,
 *                      and what ffmpeg makes reads it by read-published.ts
 *   make-webm.ts       WebM, by several workers: of the source (open-planned.ts) or of the stream, who makes which part
 *                      (webm-parts.ts), how it is encoded and joined (encode-webm.ts)
 *   measure-film.ts    compares a sample of the film with its source (compare.ts compares a stretch)
 *   change-subtitles.ts adds and removes tracks
 *   files-alone.ts     a job that asked for files alone: its stream goes
 */

/** What the work on a film is done with. */
export interface TranscodeRun {
  settings: Settings;
  stores: Stores;
  tools: MediaTools;
  encoder: VideoEncoder;
  /** See `encodingIdentity`. */
  software: string;
  report: JobReport;
  log: Logger;
  signal: AbortSignal;
  /** Names the message in hand through its retries. */
  messageId: string;
  /** The message may have been handed out before. */
  isRepeat: boolean;
  /**
   * The job was asked for before: the workers of that request stop, and a part that failed under it is kept for a message that comes
   * no more. So who holds a lease may not make its part.
   */
  isSentAgain?: boolean;
  /** A lease that was not renewed for this long is a lost worker's. */
  leaseSeconds: number;
  /** Asks one more worker to make parts of a film; undefined where each film is one worker's. */
  sendPartRequest?: ((request: PartRequest) => Promise<void>) | undefined;
  /** The most workers that this one asks for a film, itself included. @default the settings' `workersPerFilm` */
  width?: number | undefined;
  /** Of the function before the jobs queue. */
  door?: Door | undefined;
  /** The job's state as any worker reported it last. */
  readStatus: (jobId: string) => Promise<JobState | undefined>;
  /**
   * Of a function. Its helpers' messages are events that no one repeats, so the planner, whose message the queue keeps, stays
   * until the film is committed and its end is reported.
   */
  invocation?: Invocation | undefined;
  /** Between two parts the film pauses for work of higher lanes; undefined where there are none. */
  breaks?: Pick<Breaks, 'progressed' | 'beforePart'> | undefined;
  /** What this machine has, and where it is counted what films take of it; undefined where this film alone is made. */
  size?: MachineSize;
  place?: Pick<Place, 'occupy'> | undefined;
  /** What films are compared with their sources by; undefined where no ffmpeg here can. */
  measuring?: (() => Measuring | undefined) | undefined;
}

/** An ffmpeg that measures. */
export interface Measuring {
  tools: MediaTools;
  metric: Metric;
}

/** What the function before the jobs queue decides by, and what it asks of workers. */
export interface Door {
  rules: DoorRules;
  /** Asks a worker in ECS to make parts of a film. */
  askWorker: (request: PartRequest) => Promise<void>;
  /** Starts workers. Never throws: the waker looks by itself every minute. */
  wake: (workers: number) => Promise<void>;
}

/** A film that is planned, and this worker's role in its making. */
export interface PlannedFilm {
  job: QueuedJob;
  plan: Plan;
  request: FilmRequest;
  sources: Pick<SourceServers, 'urls' | 'stalledSeconds' | 'endOfVideo' | 'failure'>;
  workDir: string;
  /** The planner asks others for parts; a helper was asked. */
  role: 'planner' | 'helper';
  /** The part that a helper was asked to begin with. */
  firstPart?: number | undefined;
}

/** What this worker's share in a film came to. */
export type FilmOutcome =
  | {
      kind: 'published';
      film: Film;
      /** Another worker has committed it, and may have reported the end of the job. */
      byPeer?: boolean;
      /** Removes what the film replaces; to be called when its end is reported. Never throws. */
      cleanUp?: () => Promise<void>;
    }
  /** Nothing is left to begin here: the workers that still make parts end the job. */
  | { kind: 'leftToPeers' }
  /** As many workers are on the film as may be, or another run holds this very message. */
  | {
      kind: 'atCapacity';
      /** This worker has committed the film, and another makes its files: what becomes of that has to be looked at. */
      hasCommitted?: boolean;
    }
  /** An invocation ends before the film is done: another one must go on. */
  | { kind: 'outOfTime' }
  /** The door leaves the film to the workers. */
  | { kind: 'passedOn' };

/** A film that a worker has planned. */
export interface FilmToJoin extends Pick<PlannedFilm, 'job' | 'role' | 'firstPart'> {
  plan: string;
  /** Set where parts of this file are asked for, and not of the stream. */
  file?: string | undefined;
  from?: WebmSource | undefined;
}
