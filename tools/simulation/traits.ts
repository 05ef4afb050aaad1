/** How workers of a farm behave. */
export interface WorkerTraits {
  /** How long a message stays hidden without a heartbeat of its worker. */
  visibilityMs: number;
  /** It holds its message for as long as it works; otherwise the message shows again after `visibilityMs`, whatever happens. */
  holds: boolean;
  /** It protects its task from scale-in while it is busy. */
  protects: boolean;
  /** On SIGTERM it gives its message back at once. */
  givesBack: boolean;
  /** It makes films part by part, goes on where another was lost, and shares a film with others. Otherwise a film is one piece of work. */
  inParts: boolean;
  /** The most workers on one film. */
  workersPerFilm: number;
}
