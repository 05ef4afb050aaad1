import type { FitPlan } from './plan.ts';
import type { Size } from './sizes.ts';

/** What becomes of a clip that has another shape than the film: whole, with black bars, or cut to fill the picture. */
export const fitNames = ['pad', 'crop'] as const;

export type Fit = (typeof fitNames)[number];

/** A shape that is off by less is stretched: bars of a line or two look like a mistake. */
const shapeSlack = 0.01;

/** @param clip size as a viewer sees it */
export function planFit(clip: Size, frame: Size, fit: Fit): FitPlan {
  const { width, height } = frame;
  const stretch = (clip.width * height) / (clip.height * width);
  if (Math.abs(stretch - 1) < shapeSlack) return { width, height };
  const [across, down] = [width / clip.width, height / clip.height];
  const scale = fit === 'pad' ? Math.min(across, down) : Math.max(across, down);
  const scaled = { width: even(clip.width * scale), height: even(clip.height * scale) };
  // Even offsets, as a pixel of colour is two by two.
  const x = 2 * Math.round(Math.abs(width - scaled.width) / 4);
  const y = 2 * Math.round(Math.abs(height - scaled.height) / 4);
  const filter = `${fit}=w=${width}:h=${height}:x=${x}:y=${y}`;
  return { ...scaled, filter: fit === 'pad' ? `${filter}:color=black` : filter };
}

/** Two lines at least of a clip that is a stripe. */
function even(side: number): number {
  return Math.max(2, 2 * Math.round(side / 2));
}
