import { commands } from '../commands.ts';

const names = [...commands.map(({ name }) => name), 'COMMAND', '--help'].join('|');

/** Where a text has a command to type: at the start of a line, in quotes or brackets, behind a colon, or set off. */
const named = new RegExp(`(?<=^|["(]|: | {2})farm (?=(?:${names})(?![\\w-]))`, 'gm');

/** What npm runs when `farm` is not on the PATH: `npx farm`, and `npm run demo`. */
const byNpm = new Set(['npx', 'demo']);

/** A text whose commands can be typed as they stand: whoever came by npm has no `farm` on the PATH. */
export function asTyped(text: string, env: NodeJS.ProcessEnv = process.env): string {
  return byNpm.has(env.npm_lifecycle_event ?? '') ? text.replace(named, 'npx farm ') : text;
}
