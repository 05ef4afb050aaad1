import { samples } from './sample-output.ts';

/** A block of output below the line that names its sample; a first line with the command stays. */
const block = /(<!-- Printed by `npm run docs`: (.+?) -->\n\n```\n)((?:\$ .*\n)?)[^`]*?(```)/g;

/** A page with its samples of output printed again. @throws TypeError for one that there is not */
export async function withSamples(page: string): Promise<string> {
  const printed = new Map<string, string>();
  for (const [, , name = ''] of page.matchAll(block)) {
    const lines = samples[name];
    if (lines === undefined)
      throw new TypeError(`There is no sample "${name}" in tools/docs/sample-output.ts.`);
    printed.set(name, (await lines()).join('\n'));
  }
  return page.replace(
    block,
    (_, above: string, name: string, command: string, below: string) =>
      `${above}${command}${printed.get(name)}\n${below}`,
  );
}
