import type { JobState } from '../../worker/src/protocol/status.ts';
import { bar } from '../text/bar.ts';
import { printable, type Style } from '../text/style.ts';
import { formatBytes, formatSeconds } from '../text/units.ts';
import type { Finding } from './finding.ts';

/** Each finding with its fix, and how many there are of each state. @param columns of the terminal */
export function allFindingLines(findings: readonly Finding[], style: Style, columns?: number): string[] {
  const nameWidth = Math.max(16, ...findings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => findingLines(finding, style, { columns, nameWidth }));
  return [...lines, '', summary(findings)];
}

/** Narrow terminals have what was seen below what was looked at. */
export function findingLines(
  { name, state, why, fix }: Finding,
  style: Style,
  { columns = 100, nameWidth = 16 }: { columns?: number | undefined; nameWidth?: number } = {},
): string[] {
  const paint = { ok: style.good, warning: style.bold, failed: style.bad, 'not asked': style.dim }[state];
  const fixes = fix?.split('\n') ?? [];
  const isNarrow = columns < 60;
  const head = `${paint(state.padEnd(9))}  ${isNarrow ? name : name.padEnd(nameWidth)}`;
  const indent = ' '.repeat(isNarrow ? 2 : nameWidth + 13);
  return [
    ...(isNarrow ? [head, `${indent}${printable(why)}`] : [`${head}  ${printable(why)}`]),
    ...fixes.map((line, index) => `${indent}${style.dim(index === 0 ? 'fix:' : '    ')} ${printable(line)}`),
  ];
}

export function summary(findings: readonly Finding[]): string {
  return (['ok', 'warning', 'failed', 'not asked'] as const)
    .map((state) => ({ state, count: findings.filter((finding) => finding.state === state).length }))
    .filter(({ state, count }) => count > 0 || state === 'failed')
    .map(({ state, count }) => `${count} ${state}${state === 'warning' && count > 1 ? 's' : ''}`)
    .join(', ');
}

/** Where the time of a finished test went. */
export function smokeLines(
  { film, timings }: Pick<JobState, 'film' | 'timings'>,
  uploadSeconds: number,
  totalSeconds: number,
): string[] {
  const { waitSeconds = 0, probeSeconds = 0, encodeSeconds = 0, publishSeconds = 0 } = timings;
  const steps: [string, number, string][] = [
    ['upload', uploadSeconds, 'from this machine to the source bucket'],
    ['waiting', waitSeconds, 'for the event, the queue, and a worker to start'],
    ['probing', probeSeconds, 'the worker reads what the film is'],
    ['encoding', encodeSeconds, `with ${film?.encoder ?? 'an encoder'}, publishing on the way`],
    ['publishing', publishSeconds, 'the playlists, after the last frame'],
  ];
  const known = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
  steps.push(['reporting', Math.max(0, totalSeconds - known), 'until this machine saw the result']);
  return [
    `The farm works: 2 s of film became ${film?.renditions.length ?? 0} renditions, ${formatBytes(film?.bytes ?? 0)}, in ${formatSeconds(totalSeconds)}.`,
    '',
    ...steps.map(
      ([name, seconds, what]) =>
        `${name.padEnd(10)} ${formatSeconds(seconds).padStart(12)}  ${bar(seconds / totalSeconds, 16, ' ')}  ${what}`,
    ),
  ];
}
