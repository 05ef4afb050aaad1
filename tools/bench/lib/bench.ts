/** One measurement: a ratio of two things done in the same run. */
export interface Bench {
  /** What is divided by what. */
  what: string;
  /** The ratio must be at most this. */
  goal: number;
  run(options: BenchOptions): Promise<Measured>;
}

export interface Measured {
  ratio: number;
  /** Printed as well, without a goal. */
  more?: Record<string, number>;
  /** Other figures, each with its own goal. */
  goals?: Goal[];
}

export interface Goal {
  /** With its unit. */
  what: string;
  value: number;
  /** The value must be at most this. */
  goal: number;
}

export interface BenchOptions {
  /** A film of the user's instead of the made one. */
  film?: string;
  /** A folder of films, for the measurement that compares several. */
  films?: string;
  /** Write what the measurement is the source of. */
  write?: boolean;
  log: (line: string) => void;
}
