import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/**
 * Turns a folder of TypeScript into the JavaScript that Node would make of it at each start, for the image: without its
 * compiler the worker takes 17 MB less memory. Lines stay where they are, so stacks name the right ones.
 *
 *   node strip-types.ts FOLDER
 */
const [folder = ''] = process.argv.slice(2);
for (const file of globSync('**/*.ts', { cwd: folder })) {
  const path = join(folder, file);
  const code = stripTypeScriptTypes(readFileSync(path, 'utf8'));
  writeFileSync(
    path.replace(/\.ts$/, '.js'),
    code.replaceAll(/(from|import) '(\.[^']+)\.ts'/g, "$1 '$2.js'"),
  );
  rmSync(path);
}
