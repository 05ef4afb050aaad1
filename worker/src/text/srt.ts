import { type Cue, SubtitleError } from './cue.ts';
import { cueText } from './cue-text.ts';
import { numpadSettings } from './placement.ts';

const arrow = /^\s*(-?\d[\d:.,]*)\s*--?>\s*(-?\d[\d:.,]*)(.*)$/;

/** SubRip has no specification: numbers may be missing, commas may be points, and times stand on a line with an arrow. */
export function parseSrt(text: string): Cue[] {
  const cues: Cue[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const times = timesOf(lines[at] ?? '');
    if (times === undefined) continue;
    const body: string[] = [];
    // A cue ends where the next begins, as some files lack the empty line; a text may hold empty lines.
    while (at + 1 < lines.length && timesOf(lines[at + 1] ?? '') === undefined) {
      at += 1;
      body.push(lines[at] ?? '');
    }
    if (at + 1 < lines.length) dropNumber(body);
    cues.push({ ...times, ...textOf(body.join('\n')) });
  }
  if (cues.length === 0) throw new SubtitleError('it holds no times such as 00:01:02,500 --> 00:01:04,000');
  return cues;
}

/** The line before the next times is the next cue's number. */
function dropNumber(body: string[]): void {
  if (/^\s*\d+\s*$/.test(body.at(-1) ?? '')) body.pop();
}

function timesOf(line: string): Pick<Cue, 'startMs' | 'endMs'> | undefined {
  if (!line.includes('>') || line.length > 200) return undefined;
  const [, start = '', end = ''] = arrow.exec(line) ?? [];
  const [startMs, endMs] = [milliseconds(start), milliseconds(end)];
  return startMs === undefined || endMs === undefined ? undefined : { startMs, endMs };
}

/** `00:01:02,500`, `1:02.5` or `-00:00:01,000`. */
export function milliseconds(stamp: string): number | undefined {
  const [, sign, hours, minutes, seconds, fraction = ''] =
    /^(-?)(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d+))?$/.exec(stamp) ?? [];
  if (seconds === undefined) return undefined;
  const whole = (Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(seconds);
  const ms = whole * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  return sign ? -ms : ms;
}

/** Many files have overrides of ASS between braces: `{\an8}` puts a cue to the top. */
function textOf(text: string): Pick<Cue, 'text' | 'settings'> {
  const place = /\{\\an?(\d{1,2})\}/.exec(text)?.[1];
  const settings = place === undefined ? undefined : numpadSettings(Number(place));
  const shown = text.replace(/\{\\[^{}]*\}/g, '').replace(/\\N/g, '\n');
  return { text: cueText(shown), ...(settings === undefined ? {} : { settings }) };
}
