import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const modules = ['waker', 'observe', 'decide', 'act', 'announced', 'remember'] as const;

/** What Lambda calls: the export `handler` of the file waker.mjs. */
export const wakerHandler = 'waker.handler';

/**
 * The waker's files as Lambda runs them: the sources beside this one without their types. The AWS clients that they import are part of
 * Lambda's Node runtime, so nothing is installed or bundled.
 */
export function bundleWaker(): Record<string, string> {
  return Object.fromEntries(
    modules.map((name) => {
      const source = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8');
      const plain = stripTypeScriptTypes(source).replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.mjs'");
      return [`${name}.mjs`, plain];
    }),
  );
}
