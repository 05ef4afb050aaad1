import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** docs/scaling.md has what `npm run bench -- scaling` prints, and the plots that it draws. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const plots = `${root}docs/scaling/`;

/** @returns lines of the page's blocks (those of commands left out) that were not printed, in any order and at any indent */
export function linesNotPrinted(page: string, printed: string): string[] {
  const lines = new Set(printed.split('\n').map((line) => line.trim()));
  const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(([, language]) => language === '');
  return blocks
    .flatMap(([, , block = '']) => block.split('\n'))
    .filter((line) => line.trim() !== '' && !lines.has(line.trim()));
}

function readPlots(): Record<string, string> {
  return Object.fromEntries(readdirSync(plots).map((name) => [name, readFileSync(plots + name, 'utf8')]));
}

if (import.meta.main) {
  const before = readPlots();
  const { stdout, stderr, status } = spawnSync(process.execPath, ['tools/bench/main.ts', 'scaling'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(`The bench ended with ${status}: ${stderr}`);
  const after = readPlots();
  const problems = [
    ...linesNotPrinted(readFileSync(`${root}docs/scaling.md`, 'utf8'), stdout).map(
      (line) => `docs/scaling.md: the bench does not print "${line}"`,
    ),
    ...Object.keys(after)
      .filter((name) => after[name] !== before[name])
      .map((name) => `docs/scaling/${name}: the bench draws another one`),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error('Copy what "npm run bench -- scaling" prints into the page, and commit its plots.');
    process.exitCode = 1;
  }
}
