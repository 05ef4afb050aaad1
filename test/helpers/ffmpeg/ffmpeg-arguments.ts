/** One output file of an ffmpeg command line, with the options that stand before it. */
export interface OutputFile {
  file: string;
  options: Record<string, string>;
}

/** Takes arguments after the input apart: every option has one value, and an output file ends its options. */
export function readOutputs(args: readonly string[]): OutputFile[] {
  const outputs: OutputFile[] = [];
  let options: Record<string, string> = {};
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word.startsWith('-')) {
      options[word.slice(1)] = args[++at] ?? '';
    } else {
      outputs.push({ file: word, options });
      options = {};
    }
  }
  return outputs;
}

/** The output that writes a file whose name begins so. */
export function outputTo(args: readonly string[], start: string): OutputFile {
  const found = readOutputs(args).find(({ file }) => file.startsWith(start));
  if (!found) throw new Error(`No output file begins with "${start}".`);
  return found;
}

/** Chains of a filter graph by their first output label, each as its filters in order. */
export function readGraph(args: readonly string[]): Map<string, string[]> {
  const graph = args[args.indexOf('-filter_complex') + 1] ?? '';
  return new Map(
    split(graph, ';').map((chain) => {
      const labels = /((?:\[\w+\])*)$/.exec(chain)?.[1] ?? '';
      const filters = chain.slice(0, chain.length - labels.length);
      return [/^\[(\w+)\]/.exec(labels)?.[1] ?? '', split(filters, ',')];
    }),
  );
}

/** Splits where the separator stands outside of quotes. */
function split(text: string, separator: string): string[] {
  const pieces = [''];
  let quoted = false;
  for (const letter of text) {
    if (letter === "'") quoted = !quoted;
    if (letter === separator && !quoted) pieces.push('');
    else pieces[pieces.length - 1] += letter;
  }
  return pieces;
}
