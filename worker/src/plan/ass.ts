import { breakLongWords, cleanText, escapeAss } from './ass-text.ts';
import { type OverlayOptions, percent } from './overlay-options.ts';
import { marginOf, placeOf } from './overlay-place.ts';
import type { Motion, Show } from './overlay-plan.ts';
import type { Size } from './sizes.ts';

export const defaultFamily = 'Open Sans';

/** Shares of the text's size. */
const boxPadding = 0.25;
const outlineWidth = 0.06;

/** An overlay without an end goes on for this long after the film's, which a header may give too early. */
const beyondEndSeconds = 86_400;

/**
 * A file of Advanced SubStation Alpha for libass: one style for each text, and each text at a place of its own. Events
 * without a place would be moved out of each other's way, which depends on what was drawn before: on where a part begins.
 * http://www.tcax.org/docs/ass-specs.htm, https://github.com/libass/libass/wiki/Libass'-ASS-Extensions
 */
export function assFile(texts: readonly { overlay: OverlayOptions; show: Show }[], film: Size): string {
  const styles = texts.map(({ overlay }, index) => style(`s${index}`, overlay, film));
  const events = texts.flatMap(({ overlay, show }, index) => lines(`s${index}`, overlay, show, film, index));
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${film.width}`,
    `PlayResY: ${film.height}`,
    'WrapStyle: 0',
    'ScaledBorderAndShadow: yes',
    'YCbCr Matrix: None',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    ...styles,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...events,
    '',
  ].join('\n');
}

function style(name: string, overlay: OverlayOptions, film: Size): string {
  const { box, outline, color = '#fff', font = defaultFamily, weight, italic } = overlay;
  const size = sizeOf(overlay, film);
  const inset = insetOf(overlay, film);
  return `Style: ${[
    name,
    font,
    size,
    assColour(color),
    assColour(color),
    assColour(outline ?? '#000'),
    assColour(box ?? '#000'),
    weight === 'bold' ? -1 : 0,
    italic ? -1 : 0,
    ...[0, 0, 100, 100, 0, 0],
    // 4: one box around all lines, in the colour and with the width of the shadow.
    box === undefined ? 1 : 4,
    outline === undefined ? 0 : round(size * outlineWidth),
    box === undefined ? 0 : round(size * boxPadding),
    ...[5, inset, inset, 0],
    // -1: the text itself says whether it runs from right to left.
    -1,
  ].join(',')}`;
}

/** The text while it comes, while it stays, and while it goes. */
function lines(name: string, overlay: OverlayOptions, show: Show, film: Size, layer: number): string[] {
  const { across, down } = placeOf(overlay.at ?? 'bottom');
  const inset = insetOf(overlay, film);
  const along = (where: -1 | 0 | 1, length: number) =>
    where === 0 ? length / 2 : where < 0 ? inset : length - inset;
  const [x, y] = [along(across, film.width), along(down, film.height)];
  const size = sizeOf(overlay, film);
  const text = escapeAss(breakLongWords(cleanText(overlay.text ?? ''), (film.width - 2 * inset) / size));
  // 1 is bottom left, 9 is top right.
  const anchor = `\\an${(1 - down) * 3 + across + 2}`;
  const line = (from: number, to: number, tags: string) =>
    to > from
      ? [`Dialogue: ${layer},${assTime(from)},${assTime(to)},${name},,0,0,0,,{${anchor}${tags}}${text}`]
      : [];

  const hundredths = (seconds: number) => Math.round(seconds * 100);
  const from = hundredths(show.fromSeconds);
  const to = hundredths(show.toSeconds ?? show.fromSeconds + beyondEndSeconds);
  const takes = hundredths(show.motionSeconds);
  const here = Math.min(to, show.in.fades ? from + takes : from);
  const leaves = Math.max(here, show.out.fades ? to - takes : to);
  const boxAlpha = overlay.box === undefined ? undefined : assAlpha(overlay.box);
  const moved = (start: Motion, end: Motion, ms: number) => {
    const points = [x - start.dx, y - start.dy, x + end.dx, y + end.dy];
    return `\\move(${points.map(round).join(',')},0,${ms})`;
  };
  const still: Motion = { fades: false, dx: 0, dy: 0 };
  return [
    ...line(from, here, moved(show.in, still, takes * 10) + fade('in', takes * 10, boxAlpha)),
    ...line(here, leaves, `\\pos(${round(x)},${round(y)})`),
    ...line(leaves, to, moved(still, show.out, takes * 10) + fade('out', takes * 10, boxAlpha)),
  ];
}

/** `\fad` leaves out the box, so its own transparency follows. */
function fade(way: 'in' | 'out', ms: number, boxAlpha: string | undefined): string {
  const text = way === 'in' ? `\\fad(${ms},0)` : `\\fad(0,${ms})`;
  if (boxAlpha === undefined) return text;
  const [from, to] = way === 'in' ? ['FF', boxAlpha] : [boxAlpha, 'FF'];
  return `${text}\\4a&H${from}&\\t(0,${ms},\\4a&H${to}&)`;
}

function sizeOf({ size = '6%' }: OverlayOptions, film: Size): number {
  return Math.max(4, Math.round((percent(size) * film.height) / 100));
}

/** From the picture's edge to the letters. */
function insetOf(overlay: OverlayOptions, film: Size): number {
  const padding = overlay.box === undefined ? 0 : sizeOf(overlay, film) * boxPadding;
  return Math.round(marginOf(overlay, film) + padding);
}

/** `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa` as `&HAABBGGRR`, where an alpha of 0 is opaque. */
function assColour(color: string): string {
  const [red, green, blue] = pairs(color);
  return `&H${assAlpha(color)}${blue}${green}${red}`;
}

function assAlpha(color: string): string {
  const alpha = 255 - Number.parseInt(pairs(color)[3] ?? 'ff', 16);
  return alpha.toString(16).padStart(2, '0').toUpperCase();
}

function pairs(color: string): string[] {
  const digits = color.slice(1).toUpperCase();
  return digits.length <= 4 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
}

function assTime(hundredths: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(hundredths / 100);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours}:${two(minutes)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
