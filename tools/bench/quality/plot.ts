import { vmafTargets } from '../../../worker/src/plan/quality.ts';
import { colours, legend, line, path, picture, text, ticks } from '../../simulation/svg.ts';
import type { FilmFigures } from './analysis.ts';

const panel = { width: 240, height: 170, left: 40, top: 70, gapX: 20, gapY: 50, columns: 3 };
const lowestVmaf = 60;

/** VMAF over bits, a panel for each film and a line for each preset. */
export function curvesPlot(films: readonly FilmFigures[], presets: readonly string[]): string {
  const rows = Math.ceil(films.length / panel.columns);
  const width = panel.left + panel.columns * (panel.width + panel.gapX);
  const height = panel.top + rows * (panel.height + panel.gapY) + 10;
  const shown = presets.map((name, n) => ({ name, colour: colours[n % colours.length] ?? colours[0] }));
  return picture(width, height, 'VMAF of the largest rendition, over Mb/s', [
    ...legend(16, 48, shown),
    ...films.flatMap((film, n) => {
      const left = panel.left + (n % panel.columns) * (panel.width + panel.gapX);
      const top = panel.top + Math.floor(n / panel.columns) * (panel.height + panel.gapY);
      return filmPanel(film, shown, left, top);
    }),
  ]);
}

function filmPanel(
  { name, top: curves }: FilmFigures,
  shown: readonly { name: string; colour: string }[],
  left: number,
  top: number,
): string[] {
  const points = (preset: string) =>
    (curves[preset] ?? []).map(({ bitsPerSecond, vmaf }) => [bitsPerSecond / 1e6, vmaf.mean] as const);
  const most = Math.max(...shown.flatMap((preset) => points(preset.name).map(([megabits]) => megabits)));
  const bottom = top + panel.height;
  const inner = panel.width - 30;
  const x = (megabits: number) => left + (megabits / most) * inner;
  const y = (vmaf: number) =>
    bottom - ((Math.max(lowestVmaf, vmaf) - lowestVmaf) / (100 - lowestVmaf)) * panel.height;
  const grid = [60, 70, 80, 90, 100].flatMap((vmaf) => [
    line(left, y(vmaf), left + inner, y(vmaf)),
    text(left - 6, y(vmaf) + 4, String(vmaf), { 'text-anchor': 'end' }),
  ]);
  const below = ticks(most, 4).map((megabits) =>
    text(x(megabits), bottom + 15, String(Number(megabits.toFixed(2))), { 'text-anchor': 'middle' }),
  );
  const target = line(left, y(vmafTargets.standard), left + inner, y(vmafTargets.standard), {
    stroke: '#d55e00',
    'stroke-dasharray': '4 3',
  });
  const lines = shown.map((preset) =>
    path(
      points(preset.name).map(([a, b]) => [x(a), y(b)] as const),
      preset.colour,
    ),
  );
  return [text(left, top - 8, name, { 'font-weight': 600 }), ...grid, ...below, target, ...lines];
}
