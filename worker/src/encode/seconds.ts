/** A time for ffmpeg's command line: microseconds are its grain. */
export function seconds(value: number): string {
  return String(Number(value.toFixed(6)));
}
