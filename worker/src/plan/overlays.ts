import { assFile } from './ass.ts';
import { type OverlayOptions, type overlayMotions, percent } from './overlay-options.ts';
import { marginOf, placeOf } from './overlay-place.ts';
import type { ImageLayer, Motion, OverlayLayer, OverlayPlan, Show } from './overlay-plan.ts';
import type { Size } from './sizes.ts';

/** What overlays are made with, as it was found in the source bucket. */
export interface OverlayAssets {
  images: Readonly<Record<string, Size & { etag: string }>>;
  /** Fonts of the owner's, by the family names that texts ask for. */
  fonts: readonly { family: string; key: string; etag: string }[];
  bundledFonts?: string;
}

/** Overlays, and what they are made with. */
export interface OverlayRequest extends OverlayAssets {
  overlays: readonly OverlayOptions[];
}

/** How long an overlay takes to come or go. */
const motionSeconds = 0.5;

/** How far it slides, as a share of the picture's height. */
const slideShare = 0.1;

/** Places all overlays. Pure, as the whole plan is. */
export function planOverlays(
  request: OverlayRequest,
  film: Size,
  durationSeconds: number,
): { plan?: OverlayPlan; warnings: string[] } {
  const warnings: string[] = [];
  const layers: OverlayLayer[] = [];
  let texts: { overlay: OverlayOptions; show: Show }[] = [];
  const flush = () => {
    if (texts.length > 0) layers.push({ kind: 'texts', ass: assFile(texts, film) });
    texts = [];
  };
  request.overlays.forEach((overlay, index) => {
    const show = planShow(overlay, film, durationSeconds);
    if (show === undefined) {
      warnings.push(
        `overlay ${index + 1} is never seen: it begins or ends outside the film, which has ${durationSeconds.toFixed(1)} s`,
      );
    } else if (overlay.image === undefined) {
      texts.push({ overlay, show });
    } else {
      flush();
      layers.push(placeImage(overlay, overlay.image, show, film, request));
    }
  });
  flush();
  if (layers.length === 0) return { warnings };
  const { fonts, bundledFonts } = request;
  const withTexts = layers.some(({ kind }) => kind === 'texts');
  return {
    plan: {
      layers,
      fonts: withTexts ? fonts.map(({ key, etag }) => ({ key, etag })) : [],
      ...(withTexts && bundledFonts !== undefined ? { bundledFonts } : {}),
    },
    warnings,
  };
}

/** @returns undefined for what is never seen */
function planShow(overlay: OverlayOptions, film: Size, durationSeconds: number): Show | undefined {
  const inFilm = (seconds: number) => Math.max(0, seconds < 0 ? durationSeconds + seconds : seconds);
  const fromSeconds = inFilm(overlay.from ?? 0);
  const leaves = overlay.out !== undefined && overlay.out !== 'none';
  const toSeconds = overlay.to === undefined && !leaves ? undefined : inFilm(overlay.to ?? durationSeconds);
  if (fromSeconds >= durationSeconds || (toSeconds !== undefined && toSeconds <= fromSeconds))
    return undefined;
  return {
    fromSeconds,
    ...(toSeconds === undefined ? {} : { toSeconds }),
    motionSeconds: Math.min(motionSeconds, ((toSeconds ?? durationSeconds) - fromSeconds) / 2),
    in: motion(overlay.in, film),
    out: motion(overlay.out, film),
  };
}

function motion(name: (typeof overlayMotions)[number] = 'none', { height }: Size): Motion {
  const way = Math.round(height * slideShare);
  const directions = {
    none: [0, 0],
    fade: [0, 0],
    'slide-up': [0, -way],
    'slide-down': [0, way],
    'slide-left': [-way, 0],
    'slide-right': [way, 0],
  } as const;
  const [dx, dy] = directions[name];
  return { fades: name !== 'none', dx, dy };
}

/** Chroma has half the pixels: an image on an odd one would be blurred. */
const even = (pixels: number) => 2 * Math.round(pixels / 2);

function placeImage(
  overlay: OverlayOptions,
  key: string,
  show: Show,
  film: Size,
  { images }: OverlayAssets,
): ImageLayer {
  const image = images[key];
  if (image === undefined) throw new TypeError(`The image "${key}" was not looked up.`);
  const margin = marginOf(overlay, film);
  // As wide as asked for, unless it would be higher than the picture.
  const wantedWidth = (percent(overlay.width ?? '12%') * film.width) / 100;
  const scale = Math.min(wantedWidth / image.width, film.height / image.height);
  const width = Math.max(2, even(image.width * scale));
  const height = Math.max(2, even(image.height * scale));
  const { across, down } = placeOf(overlay.at ?? 'top-right');
  return {
    kind: 'image',
    key,
    etag: image.etag,
    width,
    height,
    x: even(along(across, film.width - width, margin)),
    y: even(along(down, film.height - height, margin)),
    opacity: overlay.opacity ?? 1,
    show,
  };
}

function along(where: -1 | 0 | 1, room: number, margin: number): number {
  if (where === 0) return room / 2;
  return where < 0 ? margin : room - margin;
}
