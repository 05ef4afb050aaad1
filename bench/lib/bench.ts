/** One measurement: a ratio of two things done in the same run. */
export interface Bench {
  /** What is divided by what. */
  what: string;
  /** The ratio must be at most this. */
  goal: number;
  run(options: BenchOptions): Promise<{ ratio: number; more?: Record<string, number> }>;
}

export interface BenchOptions {
  /** A film of the user's instead of the made one. */
  film?: string;
  log: (line: string) => void;
}
