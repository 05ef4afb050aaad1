import { minuteMs } from './constants.ts';
import { type Phases, phaseNames } from './phases.ts';
import type { Run } from './simulate.ts';
import { bar, colours, legend, line, path, picture, text, ticks } from './svg.ts';

const width = 760;
const left = 190;
const right = 24;
const colour = (index: number): string => colours[index % colours.length] ?? colours[0];

/** How long a sleeping farm takes until encoding starts, and what takes so long. */
export function fromZeroPlot(bars: readonly { name: string; phases: Phases; p95Seconds: number }[]): string {
  const top = 70;
  const rowHeight = 34;
  const bottom = top + bars.length * rowHeight;
  const max = Math.max(...bars.map(({ p95Seconds }) => p95Seconds)) * 1.08;
  const x = (seconds: number) => left + (seconds / max) * (width - left - right);
  const names = {
    order: 'until an instance is ordered',
    boot: 'until it is in the cluster',
    start: 'placing, image, worker',
    plan: 'plan, encoder',
  };
  const rows = bars.flatMap(({ name, phases, p95Seconds }, row) => {
    const y = top + row * rowHeight;
    let at = 0;
    const pieces = phaseNames.map((phase, index) => {
      const from = at;
      at += phases[phase];
      return bar(
        x(from),
        y + 6,
        x(at) - x(from),
        20,
        colour(index),
        `${names[phase]}: ${phases[phase].toFixed(0)} s`,
      );
    });
    const mark = line(x(p95Seconds), y + 3, x(p95Seconds), y + 29, { stroke: '#333', 'stroke-width': 2 });
    return [text(left - 10, y + 20, name, { 'text-anchor': 'end' }), ...pieces, mark];
  });
  return picture(width, bottom + 44, 'From a job on a sleeping farm until encoding starts, in seconds', [
    ...legend(
      16,
      50,
      phaseNames.map((phase, index) => ({ name: names[phase], colour: colour(index) })),
    ),
    ...ticks(max).flatMap((tick) => [
      line(x(tick), top, x(tick), bottom),
      text(x(tick), bottom + 16, String(tick), { 'text-anchor': 'middle' }),
    ]),
    line(x(90), top, x(90), bottom, { stroke: '#d55e00', 'stroke-dasharray': '4 3' }),
    ...rows,
    text(left, bottom + 34, 'bars: the middle of each phase; black marks: p95; dashed: the goal of 90 s'),
  ]);
}

/** Films that wait, and instances that are paid for, over the hours. */
export function matchDayPlot(runs: readonly Run[], fromMs: number): string {
  const panels = [
    { name: 'films that wait', of: (minute: Run['minutes'][number]) => minute.waiting, top: 86, height: 160 },
    { name: 'instances', of: (minute: Run['minutes'][number]) => minute.instances, top: 280, height: 90 },
  ];
  const hours = (atMs: number) => (atMs - fromMs) / (60 * minuteMs);
  const shown = runs.map(({ minutes }) => minutes.filter(({ atMs }) => atMs >= fromMs));
  const end = Math.max(...shown.map((minutes) => hours(minutes.at(-1)?.atMs ?? fromMs)));
  const plotLeft = 48;
  const x = (hour: number) => plotLeft + (hour / end) * (width - plotLeft - right);
  const drawn = panels.flatMap(({ name, of, top, height }) => {
    const max = Math.max(1, ...shown.flatMap((minutes) => minutes.map(of)));
    const y = (value: number) => top + height - (value / max) * height;
    return [
      text(plotLeft, top - 8, name),
      ...ticks(max, 4).flatMap((tick) => [
        line(plotLeft, y(tick), width - right, y(tick)),
        text(plotLeft - 8, y(tick) + 4, String(tick), { 'text-anchor': 'end' }),
      ]),
      ...shown.map((minutes, index) =>
        path(
          corners(minutes.map((minute) => [x(hours(minute.atMs)), y(of(minute))] as const)),
          colour(index),
        ),
      ),
    ];
  });
  return picture(width, 416, 'A match day: 30 films of 2 hours within an hour', [
    ...legend(
      16,
      50,
      runs.map(({ policy }, index) => ({ name: policy, colour: colour(index) })),
    ),
    ...drawn,
    ...ticks(end, 10).map((tick) => text(x(tick), 388, String(tick), { 'text-anchor': 'middle' })),
    text(width - right, 406, 'hours from the first film', { 'text-anchor': 'end' }),
  ]);
}

/** Points on a level between two others are not drawn. */
function corners(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.filter(([, y], index) => points[index - 1]?.[1] !== y || points[index + 1]?.[1] !== y);
}

/** Who does what when for one film, at each speed. */
export function oneFilmPlot(
  runs: readonly { name: string; run: Run }[],
  others: { name: string; minutes: number },
): string {
  const rowHeight = 16;
  const blocks = runs.map(({ name, run }) => {
    const [film] = run.films;
    const fromMs = film?.arrivedAtMs ?? 0;
    const minutes = (atMs: number) => (atMs - fromMs) / minuteMs;
    return { name, run, minutes, doneAt: minutes(film?.doneAtMs ?? fromMs) };
  });
  const max = Math.max(others.minutes, ...blocks.map(({ doneAt }) => doneAt)) * 1.12;
  const x = (minutes: number) => left + (minutes / max) * (width - left - right);
  let y = 74;
  const drawn = blocks.flatMap(({ name, run, minutes, doneAt }) => {
    const top = y;
    const rows = run.machines.flatMap((machine) => {
      y += rowHeight;
      const joined = minutes(machine.joinedAtMs ?? machine.orderedAtMs);
      const ordered = minutes(machine.orderedAtMs);
      return [
        bar(x(ordered), y - 12, x(joined) - x(ordered), 12, '#ddd', 'instance boots'),
        ...run.work
          .filter(({ machineId }) => machineId === machine.id)
          .map(({ part, fromMs, toMs }) =>
            bar(
              x(minutes(fromMs)),
              y - 12,
              x(minutes(toMs)) - x(minutes(fromMs)) - 1,
              12,
              part ? colour(0) : colour(1),
              part ? 'a part' : 'plan or playlists',
            ),
          ),
      ];
    });
    y += 14;
    return [
      text(left - 10, top + 15, name, { 'text-anchor': 'end' }),
      ...rows,
      line(x(doneAt), top, x(doneAt), y - 12, { stroke: '#333', 'stroke-width': 2 }),
      text(x(doneAt) + 5, top + 15, `${doneAt.toFixed(1)} min`),
    ];
  });
  const bottom = y;
  return picture(width, bottom + 46, 'A film of two hours on a sleeping farm, in minutes', [
    ...legend(16, 50, [
      { name: 'instance boots', colour: '#ddd' },
      { name: 'plan, playlists', colour: colour(1) },
      { name: 'parts', colour: colour(0) },
    ]),
    ...ticks(max, 8).flatMap((tick) => [
      line(x(tick), 64, x(tick), bottom),
      text(x(tick), bottom + 16, String(tick), { 'text-anchor': 'middle' }),
    ]),
    line(x(others.minutes), 64, x(others.minutes), bottom, { stroke: '#d55e00', 'stroke-dasharray': '4 3' }),
    text(x(others.minutes) - 4, bottom + 34, others.name, { 'text-anchor': 'end' }),
    ...drawn,
  ]);
}
