/** Numbers as people read them: three figures at most, decimal units. */

/** `12.4 MB`; 1 MB is a million bytes. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);
}

/** `2.51 Mb/s`. */
export function formatBitrate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, ['b/s', 'kb/s', 'Mb/s', 'Gb/s']);
}

/** `0.4 s`, `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `now`, `42 s`, `5 min`, `3 h`, `12 d`: how long ago, in one unit. */
export function formatAge(seconds: number): string {
  if (seconds < 1) return 'now';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `3.7× real time`. */
export function formatSpeed(speed: number): string {
  return `${speed < 9.95 ? speed.toFixed(1) : Math.round(speed)}× real time`;
}

/** Two figures that count: `$0.0042`, `$1.30`. */
export function formatUsd(usd: number): string {
  if (usd >= 1 || usd === 0) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(Math.max(2, 1 - Math.floor(Math.log10(usd))))}`;
}

function scaled(value: number, units: readonly string[]): string {
  const step = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const shown = value / 1000 ** step;
  // 999.6 kB would be shown as 1000 kB.
  if (Math.round(shown) >= 1000 && step < units.length - 1) return `1.00 ${units[step + 1]}`;
  const digits = step === 0 || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  return `${shown.toFixed(digits)} ${units[step]}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
