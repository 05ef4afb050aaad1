/** What is drawn over a film, as data: the same on every worker. It is drawn once, on the largest rendition. */
export interface OverlayPlan {
  /** In the order in which they are drawn. */
  layers: OverlayLayer[];
  /** Fonts of the owner's that the texts need. */
  fonts: { key: string; etag: string }[];
  /** Names the contents of the fonts that every worker has; undefined without texts. */
  bundledFonts?: string;
}

export type OverlayLayer =
  /** `ass`: a whole file for libass. Times are film time. */
  { kind: 'texts'; ass: string } | ImageLayer;

/** Pixels of the largest rendition, and seconds of film time. */
export interface ImageLayer {
  kind: 'image';
  key: string;
  etag: string;
  width: number;
  height: number;
  x: number;
  y: number;
  opacity: number;
  show: Show;
}

/** When an overlay is seen, and how it comes and goes. */
export interface Show {
  fromSeconds: number;
  /** Undefined: until the film ends, whenever that is. */
  toSeconds?: number;
  /** How long it takes to come, and to go. */
  motionSeconds: number;
  in: Motion;
  out: Motion;
}

/** Where it moves while it comes or goes, in pixels: it comes from `(x - dx, y - dy)`, and goes to `(x + dx, y + dy)`. */
export interface Motion {
  fades: boolean;
  dx: number;
  dy: number;
}
