import { existsSync, globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { once } from '../once.ts';

const root = join(import.meta.dirname, '../..');

/** Files of a function, by their paths in it: texts, and files on this machine. */
export interface Bundle {
  texts: Record<string, string>;
  files: Record<string, string>;
}

/** Whether what runs a program has a package already. */
type IsProvided = (specifier: string) => boolean;

/**
 * A program without what it does not need: every file that its entry imports, without types, and the npm packages among them.
 * Nothing is bundled into one file, so stacks name the right lines.
 * @param entry from the repository's root
 * @param others files that the program reads, as patterns from the repository's root
 */
function bundle(entry: string, others: string, isProvided: IsProvided): Bundle {
  const texts: Record<string, string> = { 'package.json': '{"type":"module"}\n' };
  const packages = new Map<string, string>();
  const waiting = [join(root, entry)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const name = relative(root, file).replace(/\.ts$/, '.js');
    if (name in texts) continue;
    const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    texts[name] = code.replaceAll(/(from|import) '(\.[^']+)\.ts'/g, "$1 '$2.js'");
    for (const [, specifier = ''] of code.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'/gm)) {
      if (specifier.startsWith('.')) waiting.push(resolve(dirname(file), specifier));
      else if (!isProvided(specifier)) addPackage(packageOf(specifier), dirname(file), packages);
    }
  }
  for (const file of globSync(others, { cwd: root })) texts[file] = readFileSync(join(root, file), 'utf8');
  return { texts: sorted(texts), files: sorted(filesOf(packages)) };
}

/** What Lambda calls: the export `handler` of the file reporter/lambda.js. */
export const reporterHandler = 'reporter/lambda.handler';

export const bundleReporter = once(() =>
  bundle('reporter/lambda.ts', 'reporter/database/migrations/*.sql', isPartOfLambda),
);

export const portalHandler = 'portal/src/lambda.handler';

export const bundlePortal = once(() => bundlePage('portal/src/lambda.ts', isPartOfLambda));

/** What the portal's container starts. */
export const portalProgram = 'portal/src/service.js';

/** The same portal for a container, which has nothing but Node. */
export const bundlePortalService = once(() => bundlePage('portal/src/service.ts', isPartOfNode));

/** With the page, and the player's script that it loads. */
function bundlePage(entry: string, isProvided: IsProvided): Bundle {
  const { texts, files } = bundle(entry, 'portal/page/**/*.{html,css,svg,js}', isProvided);
  const hls = findPackage('hls.js', join(root, 'portal'));
  const script = Object.fromEntries(
    ['package.json', 'dist/hls.min.js'].map((file) => [`node_modules/hls.js/${file}`, join(hls, file)]),
  );
  return { texts, files: { ...files, ...script } };
}

/** As Pulumi uploads it. */
export function archiveOf({ texts, files }: Bundle): pulumi.asset.AssetArchive {
  return new pulumi.asset.AssetArchive({
    ...mapValues(texts, (text) => new pulumi.asset.StringAsset(text)),
    ...mapValues(files, (path) => new pulumi.asset.FileAsset(path)),
  });
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function isPartOfNode(specifier: string): boolean {
  return specifier.startsWith('node:');
}

/** The AWS clients are part of Lambda's Node runtime; that other packages of the SDK are is written nowhere. */
function isPartOfLambda(specifier: string): boolean {
  return isPartOfNode(specifier) || specifier.startsWith('@aws-sdk/client-');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** With what it depends on. */
function addPackage(name: string, importer: string, packages: Map<string, string>): void {
  if (packages.has(name)) return;
  const folder = findPackage(name, importer);
  packages.set(name, folder);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(dependencies)) addPackage(dependency, folder, packages);
}

function findPackage(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === dirname(folder))
      throw new Error(`The package ${name} is not installed: run "npm install".`);
  }
}

/** What Node loads; types, sources, pages and the copies for other module systems and runtimes are left out. */
function filesOf(packages: ReadonlyMap<string, string>): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, folder] of packages) {
    const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string };
    // The AWS clients have no exports by kind: Node loads their main file, which is CommonJS.
    const isClient = name.startsWith('@aws-sdk/client-');
    const forOthers =
      type === 'module'
        ? /\.cjs$|^(cjs|cf)\/|tsconfig/
        : isClient
          ? /^dist-es\/|tsconfig/
          : /\.min\.js$|tsconfig/;
    for (const file of globSync('**/*.{js,cjs,mjs,json}', { cwd: folder })) {
      if (!forOthers.test(file)) files[`node_modules/${name}/${file}`] = join(folder, file);
    }
  }
  return files;
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
