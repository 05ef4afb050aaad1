/**
 * A picture that says what it is: a colour in each corner says how it lies, and a row of black and white cells across
 * the middle counts the frames in binary.
 */
export interface PatternOptions {
  width?: number;
  height?: number;
  /** Frames per second, such as `30000/1001`. */
  rate?: string;
  seconds?: number;
  /** Counts in a Gray code, in which no cell changes from each frame to the next: as fields those would be still lines. */
  gray?: boolean;
  /** Behind the pattern. */
  filter?: string;
}

const corners = { topLeft: 'red', topRight: 'lime', bottomLeft: 'blue', bottomRight: 'yellow' } as const;
const bits = 10;
/** One cell at each side stays free: the left one is always white. */
const cells = bits + 2;

/** Behind a pattern: so hard to encode that each rendition is clearly smaller than the one above it. */
export const noise = 'noise=alls=16:allf=t+u';

/** Input arguments of ffmpeg for the pattern. */
export function pattern(options: PatternOptions = {}): string[] {
  const { width = 320, height = 180, rate = '25', seconds = 6, gray = false, filter } = options;
  const box = (x: number, y: number, w: number, h: number, color: string, enable = '1') =>
    `drawbox=x=iw*${x}:y=ih*${y}:w=iw*${w}:h=ih*${h}:c=${color}:t=fill:enable='${enable}'`;
  const cell = (index: number, enable: string) => box(index / cells, 0.35, 1 / cells, 0.3, 'white', enable);
  const filters = [
    `color=c=black:s=${width}x${height}:r=${rate}:d=${seconds}`,
    box(0, 0, 0.5, 0.35, corners.topLeft),
    box(0.5, 0, 0.5, 0.35, corners.topRight),
    box(0, 0.65, 0.5, 0.35, corners.bottomLeft),
    box(0.5, 0.65, 0.5, 0.35, corners.bottomRight),
    cell(0, '1'),
    ...Array.from({ length: bits }, (_, bit) => {
      const [count, half] = gray ? [`n+${2 ** bit}`, 2 ** (bit + 1)] : ['n', 2 ** bit];
      return cell(bit + 1, `gte(mod(${count},${2 * half}),${half})`);
    }),
    ...(filter ? [filter] : []),
  ];
  return ['-f', 'lavfi', '-i', filters.join(',')];
}

export type Turn = 0 | 90 | 180 | 270;

/** A picture, or a tile of one: 3 bytes a pixel. */
export interface Picture {
  pixels: Buffer;
  /** Pixels from one row to the next. */
  stride: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a picture shows. */
export interface Look {
  /** What the cells count; undefined where they can't be read. */
  number: number | undefined;
  /** Names of the colours in the corners as the pattern has them. */
  corners: Record<keyof typeof corners, string>;
}

/** Reads a pattern that was turned clockwise. */
export function readLook(picture: Picture, turn: Turn = 0): Look {
  const at = (u: number, v: number) => colourAt(picture, ...turned(u, v, turn));
  const seen = Array.from({ length: cells }, (_, index) => at((index + 0.5) / cells, 0.5));
  const values = seen.map((colour) => ({ white: 1, black: 0 })[colour]);
  const readable = values.every((value) => value !== undefined) && values[0] === 1 && values.at(-1) === 0;
  return {
    number: readable
      ? values.slice(1, -1).reduce((sum: number, value, bit) => sum + (value ?? 0) * 2 ** bit, 0)
      : undefined,
    corners: {
      topLeft: at(0.25, 0.15),
      topRight: at(0.75, 0.15),
      bottomLeft: at(0.25, 0.85),
      bottomRight: at(0.75, 0.85),
    },
  };
}

/** What every upright pattern shows. */
export const patternCorners: Look['corners'] = corners;

function turned(u: number, v: number, turn: Turn): [number, number] {
  return { 0: [u, v], 90: [1 - v, u], 180: [1 - u, 1 - v], 270: [v, 1 - u] }[turn] as [number, number];
}

const palette: Record<string, readonly number[]> = {
  black: [0, 0, 0],
  white: [255, 255, 255],
  red: [255, 0, 0],
  lime: [0, 255, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
};

/** The nearest colour of the pattern. */
function colourAt({ pixels, stride, x, y, width, height }: Picture, u: number, v: number): string {
  const place = ((y + Math.floor(v * height)) * stride + x + Math.floor(u * width)) * 3;
  const distance = (colour: readonly number[]) =>
    colour.reduce((sum, value, channel) => sum + (value - (pixels[place + channel] ?? 0)) ** 2, 0);
  const [nearest] = Object.entries(palette).sort(([, a], [, b]) => distance(a) - distance(b));
  return nearest?.[0] ?? '';
}
