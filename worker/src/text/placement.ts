/**
 * A place of ASS, numbered as on a numeric keypad (7 is top left), in WebVTT's words. Undefined for the middle of the bottom,
 * which is WebVTT's own place.
 */
export function numpadSettings(place: number): string | undefined {
  if (!Number.isInteger(place) || place < 1 || place > 9 || place === 2) return undefined;
  const row = ['', 'line:50%,center', 'line:5%'][Math.ceil(place / 3) - 1];
  const column = ['position:95%,line-right align:end', 'position:5%,line-left align:start', ''][place % 3];
  return [row, column].filter(Boolean).join(' ');
}

/**
 * A point of the picture, in shares of its width and height, that a text is aligned to by its place on the keypad.
 */
export function pointSettings(place: number, x: number, y: number): string {
  const percent = (share: number) => `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`;
  const lineAlign = place >= 7 ? 'start' : place >= 4 ? 'center' : 'end';
  const [positionAlign, align] =
    place % 3 === 1 ? ['line-left', 'start'] : place % 3 === 2 ? ['center', 'center'] : ['line-right', 'end'];
  return `line:${percent(y)},${lineAlign} position:${percent(x)},${positionAlign} align:${align}`;
}
