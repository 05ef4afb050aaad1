import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, join } from 'node:path';
import { once } from '../once.ts';

const folder = join(import.meta.dirname, 'waker');

/** What Lambda calls: the export `handler` of the file waker.mjs. */
export const wakerHandler = 'waker.handler';

/**
 * The waker's files as Lambda runs them: every file under waker/ without its types. The AWS clients that they import are part of
 * Lambda's Node runtime, so nothing is installed or bundled.
 */
export const bundleWaker = once(
  (): Record<string, string> =>
    Object.fromEntries(
      globSync('*.ts', { cwd: folder })
        .sort()
        .map((file) => {
          const name = basename(file, '.ts');
          const source = readFileSync(join(folder, file), 'utf8');
          const plain = stripTypeScriptTypes(source).replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.mjs'");
          return [`${name}.mjs`, plain];
        }),
    ),
);
