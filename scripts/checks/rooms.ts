import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/**
 * The rooms of `worker/src`, lowest first. A file imports from its own room and from lower ones, types included; so
 * each room can be read when one knows those before it.
 */
export const rooms = [
  'errors.ts',
  'free-buffer.ts',
  'short-hash.ts',
  'hide-secrets.ts',
  'fonts',
  'ffmpeg',
  'mp4',
  'probe',
  'text',
  'plan',
  'storage',
  'protocol',
  'settings',
  'log.ts',
  'heartbeat.ts',
  'queue',
  'publish',
  'source',
  'encode',
  'overlays',
  'self-test',
  'health',
  'report',
  'film',
  'job',
  'open-worker.ts',
  'function',
  'main.ts',
  'function.ts',
];

/** By path below `worker/src`: the paths that each file imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** @returns a sentence for each import that goes up, each room without a place, and each circle of files */
export function roomProblems(imports: Imports): string[] {
  const roomOf = (file: string) => file.split('/')[0] ?? file;
  const unknown = new Set([...imports.keys()].map(roomOf).filter((room) => !rooms.includes(room)));
  const upwards = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => rooms.indexOf(roomOf(target)) > rooms.indexOf(roomOf(file)))
      .map((target) => `${file} imports ${target}, which is in a higher room.`),
  );
  return [
    ...[...unknown].map((room) => `${room} has no place in the order of rooms (scripts/checks/rooms.ts).`),
    ...upwards,
    ...circles(imports).map((files) => `Files import each other in a circle: ${files.join(' > ')}.`),
  ];
}

/** Circles, each once, from the file that a walk in the order of names meets first. */
function circles(imports: Imports): string[][] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const walk = (file: string, path: readonly string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || finished.has(file)) return;
    for (const target of imports.get(file) ?? []) walk(target, [...path, file]);
    finished.add(file);
  };
  for (const file of [...imports.keys()].sort()) walk(file, []);
  return found;
}

function readImports(root: string): Imports {
  const folder = join(root, 'worker/src');
  const files = globSync('**/*.ts', { cwd: folder }).map((file) => file.replaceAll('\\', '/'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const named = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)];
      return [file, named.map(([, path = '']) => posix.join(posix.dirname(file), path))];
    }),
  );
}

if (import.meta.main) {
  const problems = roomProblems(readImports(process.cwd()));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
