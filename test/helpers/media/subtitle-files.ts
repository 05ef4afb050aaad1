/** What is said, in milliseconds; hundredths, as ASS has no more. */
export interface Said {
  startMs: number;
  endMs: number;
  text: string;
}

const clock = (ms: number, comma: string) => {
  const pad = (value: number, digits = 2) => String(Math.floor(value)).padStart(digits, '0');
  return `${pad(ms / 3_600_000)}:${pad((ms / 60_000) % 60)}:${pad((ms / 1000) % 60)}${comma}${pad(ms % 1000, 3)}`;
};

export function srt(cues: readonly Said[]): string {
  return cues
    .map(
      ({ startMs, endMs, text }, n) => `${n + 1}\n${clock(startMs, ',')} --> ${clock(endMs, ',')}\n${text}\n`,
    )
    .join('\n');
}

export function vtt(cues: readonly Said[]): string {
  const blocks = cues.map(
    ({ startMs, endMs, text }) => `${clock(startMs, '.')} --> ${clock(endMs, '.')} align:start\n${text}\n`,
  );
  return `WEBVTT\n\n${blocks.join('\n')}`;
}

export function ass(cues: readonly Said[]): string {
  const stamp = (ms: number) => clock(ms, '.').slice(1, -1);
  const head =
    '[Script Info]\nScriptType: v4.00+\nPlayResX: 640\nPlayResY: 360\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, Alignment\nStyle: Default,Arial,20,2\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n';
  const lines = cues.map(
    ({ startMs, endMs, text }) =>
      `Dialogue: 0,${stamp(startMs)},${stamp(endMs)},Default,,0,0,0,,${text.replaceAll('\n', '\\N')}\n`,
  );
  return head + lines.join('');
}

export function ttml(cues: readonly Said[]): string {
  const lines = cues.map(
    ({ startMs, endMs, text }) =>
      `<p begin="${clock(startMs, '.')}" end="${clock(endMs, '.')}">${text.replaceAll('\n', '<br/>')}</p>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" xml:lang=""><body><div>${lines.join('\n')}</div></body></tt>`;
}
