import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandsOf } from '../../../cli/completion/tree.ts';
import { makeProgram } from '../../../cli/program.ts';
import { withSamples } from '../../../tools/docs/cli-page.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

it.each(['README.md', 'docs/cli.md'])(
  '%s shows what commands print today (else: npm run docs)',
  async (path) => {
    const page = read(path);
    expect(page).toContain('<!-- Printed by `npm run docs`: ');
    expect(await withSamples(page)).toBe(page);
  },
);

it('refuses a page that asks for a sample that there is not', async () => {
  await expect(withSamples('<!-- Printed by `npm run docs`: nope -->\n\n```\n```')).rejects.toThrow(
    'no sample "nope"',
  );
});

describe('docs/cli.md', () => {
  const page = read('docs/cli.md');

  it('describes every command', async () => {
    const program = await makeProgram(['completion'], '0.0.0');
    const [root, ...commands] = commandsOf(program);
    expect(root?.subcommands.length).toBeGreaterThan(20);
    const missing = commands
      .map(({ path }) => path.join(' '))
      .filter((path) => !page.includes(`\`farm ${path}`));
    expect(missing).toEqual([]);
  }, 40_000);

  it('names no flag that no command has', async () => {
    const program = await makeProgram(['completion'], '0.0.0');
    const flags = new Set(commandsOf(program).flatMap(({ options }) => options.map(({ flag }) => flag)));
    // Of the worker, which the page also calls.
    const others = ['--self-test'];
    const named = [...page.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([flag]) => flag);
    expect([...new Set(named)].filter((flag) => !flags.has(flag) && !others.includes(flag))).toEqual([]);
  }, 40_000);
});
