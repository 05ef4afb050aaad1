import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type CompletedCommand, commandsOf } from '../../cli/completion/tree.ts';
import { makeProgram } from '../../cli/program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = [...markdownIn('.'), ...markdownIn('docs')];

const withoutFences = (page: string) => page.replaceAll(/^```[\s\S]*?^```/gm, '');

/** As GitHub names the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...withoutFences(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text);
  const anchors = headings.map((heading) => {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(anchors);
}

/** What a page has as code, a line each. */
function codeOf(page: string): string[] {
  const fences = [...page.matchAll(/^```[\s\S]*?\n([\s\S]*?)^```/gm)].flatMap(([, text = '']) =>
    text.split('\n'),
  );
  const spans = [...withoutFences(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  return [...fences, ...spans];
}

describe.each(pages)('%s', (path) => {
  const page = read(path);

  it('links to files and headings that are there', () => {
    const links = [...withoutFences(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => {
      // Outputs of the stack are filled in by Pulumi Cloud.
      if (/^(https?:|mailto:|\$\{outputs\.)/.test(target)) return false;
      const [name = '', anchor] = target.split('#');
      const file = name === '' ? path : relative(root, join(root, dirname(path), name));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('sets only settings that there are, and runs only scripts that there are', () => {
    const settings = [...page.matchAll(/pulumi config (?:set|rm)(?: --\w+)* '?([\w:]+)/g)].map(
      ([, key]) => key,
    );
    const known = new Set([
      'KEY',
      ...[...read('Pulumi.yaml').matchAll(/^ {2}([\w:]+):$/gm)].map(([, key]) => key),
    ]);
    expect(settings.filter((key) => !known.has(key) && !/^(aws|cloudflare):\w+$/.test(key ?? ''))).toEqual(
      [],
    );
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const run = [...page.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

it('gives commands only the names and options that they have', async () => {
  const commands = commandsOf(await makeProgram(['completion'], '0.0.0'));
  const longest = (words: readonly string[]): CompletedCommand | undefined =>
    commands
      .filter(({ path }) => path.length > 0 && path.every((word, at) => words[at] === word))
      .toSorted((a, b) => b.path.length - a.path.length)[0];
  const wrong = pages
    .filter((path) => path !== 'CHANGELOG.md')
    .flatMap((path) =>
      codeOf(read(path)).flatMap((code) =>
        [...code.matchAll(/(?:^|\$ |npx |["(|] ?)farm ([a-z][^"|#)]*)/g)].flatMap(([, text = '']) => {
          const words = text.split(/\s+/);
          const command = longest(words);
          if (command === undefined) return [`${path}: farm ${text}`];
          const flags = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]);
          const has = new Set(['--help', ...command.options.map(({ flag }) => flag)]);
          return flags.filter((flag = '') => !has.has(flag)).map((flag) => `${path}: farm ${text} (${flag})`);
        }),
      ),
    );
  expect(wrong).toEqual([]);
}, 40_000);
