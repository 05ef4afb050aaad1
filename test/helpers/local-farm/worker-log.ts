/** A line of a worker's log. */
export interface LogLine {
  time: string;
  msg: string;
  [field: string]: unknown;
}

export function logLines(log: readonly string[]): LogLine[] {
  return log.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}

/** The first line with this message. @throws Error where there is none */
export function logged(log: readonly string[], message: string): LogLine {
  const line = logLines(log).find(({ msg }) => msg === message);
  if (line === undefined) throw new Error(`"${message}" is not in the log:\n${log.slice(-10).join('\n')}`);
  return line;
}
