import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bundle } from '../../../infra/functions/bundle.ts';

/** Lays a function's files out as Lambda does, beside the AWS clients of its runtime and nothing else. */
export async function layOut({ texts, files }: Bundle, folder: string): Promise<void> {
  for (const [path, content] of Object.entries(texts)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  for (const [path, from] of Object.entries(files)) await cp(from, join(folder, path));
  const sdk = fileURLToPath(new URL('../../../node_modules/@aws-sdk', import.meta.url));
  await mkdir(join(folder, 'node_modules/@aws-sdk'), { recursive: true });
  for (const name of await readdir(sdk))
    if (name.startsWith('client-'))
      await symlink(join(sdk, name), join(folder, 'node_modules/@aws-sdk', name));
}

/**
 * Calls a function as Lambda does: its handler's file is imported and the export called, by a Node that knows no TypeScript.
 * @param events one after another, in one process
 * @returns the answers
 */
export async function callFunction<Answer>(
  folder: string,
  handler: string,
  events: readonly unknown[],
  env: Readonly<Record<string, string>>,
): Promise<Answer[]> {
  const [file, name] = handler.split('.');
  const program = `import { ${name} } from './${file}.js';
    const answers = [];
    for (const event of ${JSON.stringify(events)}) answers.push((await ${name}(event)) ?? null);
    await new Promise((done) => process.stderr.write(JSON.stringify(answers), done));
    process.exit();`;
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-experimental-strip-types', '--input-type=module', '--eval', program],
    { cwd: folder, env, maxBuffer: 2 ** 25 },
  );
  return JSON.parse(stderr) as Answer[];
}

/** SSM with one value for every parameter. */
export async function startParameters(value: string) {
  const server = createServer(async (request, response) => {
    const { Names } = JSON.parse(await text(request)) as { Names: string[] };
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Parameters: Names.map((Name) => ({ Name, Value: value })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}
