import { type Cue, SubtitleError } from './cue.ts';
import { cueText } from './cue-text.ts';
import { milliseconds } from './srt.ts';

/** https://www.w3.org/TR/webvtt1/#webvtt-cue-settings; a region needs a definition, which is not kept. */
const settingValues: Readonly<Record<string, RegExp>> = {
  vertical: /^(rl|lr)$/,
  line: /^(-?\d{1,4}|(100|\d{1,2})(\.\d{1,6})?%)(,(start|center|end))?$/,
  position: /^(100|\d{1,2})(\.\d{1,6})?%(,(line-left|center|line-right))?$/,
  size: /^(100|\d{1,2})(\.\d{1,6})?%$/,
  align: /^(start|center|end|left|right)$/,
};

/**
 * WebVTT (https://www.w3.org/TR/webvtt1/), read as leniently as browsers do. Styles, regions and notes are not kept.
 * @throws SubtitleError
 */
export function parseVtt(text: string): Cue[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (!/^WEBVTT(\s|$)/.test(lines[0] ?? '')) throw new SubtitleError('it does not begin with WEBVTT');
  const cues: Cue[] = [];
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, start = '', end = '', rest = ''] =
      /^\s*(-?[\d:.]+)\s*-->\s*(-?[\d:.]+)(.*)$/.exec(clip(line)) ?? [];
    const [startMs, endMs] = [milliseconds(start), milliseconds(end)];
    if (startMs === undefined || endMs === undefined) continue;
    const body: string[] = [];
    while (at + 1 < lines.length && lines[at + 1] !== '' && !clip(lines[at + 1] ?? '').includes('-->')) {
      at += 1;
      body.push(lines[at] ?? '');
    }
    const settings = keptSettings(rest);
    cues.push({ startMs, endMs, text: cueText(body.join('\n')), ...(settings === '' ? {} : { settings }) });
  }
  return cues;
}

/** Each setting once, and only what WebVTT knows. */
function keptSettings(text: string): string {
  const kept = new Map<string, string>();
  for (const word of text.split(/\s+/)) {
    const colon = word.indexOf(':');
    const [name, value] = [word.slice(0, colon), word.slice(colon + 1)];
    if (colon > 0 && settingValues[name]?.test(value)) kept.set(name, value);
  }
  return [...kept].map(([name, value]) => `${name}:${value}`).join(' ');
}

/** Times stand at a line's beginning. */
const clip = (line: string) => line.slice(0, 500);
