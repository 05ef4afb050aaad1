import type { JobState } from '../protocol/status.ts';

/** What a sink gets beside the state itself. */
export interface ReportContext {
  /** The request that the state belongs to, see `QueuedJob.requestId`. */
  requestId: string;
  /** A webhook that this job named for itself. */
  webhookUrl?: string;
}

/** One place where jobs are reported. A sink can neither fail nor delay a job: it never throws and never blocks. */
export interface Sink {
  /** The job has entered another state. */
  transition(state: JobState, context: ReportContext): void;
  /**
   * The job's end, as status.json has it: the worker that wrote it there may have been lost before it reported it elsewhere.
   * Reporting it twice does no harm.
   */
  confirmEnd?(state: JobState, context: ReportContext): void;
  /** The job runs on; called about every 2 seconds. */
  progress?(state: JobState, context: ReportContext): void;
  /** Resolves when the job's last state has been written or given up; waits no longer than the signal. */
  flush?(jobId: string, signal: AbortSignal): Promise<void>;
  /**
   * Resolves with true when every change of the job's state is where it outlives this worker, and with false when the signal
   * comes first: the job's message must stay then.
   */
  secured?(jobId: string, signal: AbortSignal): Promise<boolean>;
  /** The job is other workers' by now: nothing that they may have reported otherwise since is written over it. */
  abandon?(jobId: string): void;
  /** Finishes what can be finished before the signal, at the worker's end. */
  close?(signal: AbortSignal): Promise<void>;
}
