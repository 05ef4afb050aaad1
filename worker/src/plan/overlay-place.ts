import { type OverlayOptions, type overlayPlaces, percent } from './overlay-options.ts';
import type { Size } from './sizes.ts';

/** -1 is left or top, 1 right or bottom. */
export interface Place {
  across: -1 | 0 | 1;
  down: -1 | 0 | 1;
}

export function placeOf(at: (typeof overlayPlaces)[number]): Place {
  const across = at.endsWith('left') ? -1 : at.endsWith('right') ? 1 : 0;
  const down = at.startsWith('top') ? -1 : at.startsWith('bottom') ? 1 : 0;
  return { across, down };
}

/** In pixels. */
export function marginOf({ margin = '5%' }: OverlayOptions, film: Size): number {
  return Math.round((percent(margin) * film.height) / 100);
}
