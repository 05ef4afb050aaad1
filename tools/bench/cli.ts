import { spawnSync } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './lib/bench.ts';

const farm = fileURLToPath(new URL('../../cli/bin.mjs', import.meta.url));
const runs = 15;

export const cli: Bench = {
  what: 'time of "farm --help", in units of "node -e 0" (medians of turns)',
  goal: 6,
  async run({ log }) {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-cli-'));
    const milliseconds = (args: readonly string[]): number => {
      const startedAt = performance.now();
      const env = { ...process.env, XDG_CACHE_HOME: folder.path };
      const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
      return performance.now() - startedAt;
    };
    // The first start compiles and keeps what it compiled, once after an installation.
    const first = milliseconds([farm, '--help']);
    const turns = Array.from({ length: runs }, () => ({
      node: milliseconds(['-e', '0']),
      help: milliseconds([farm, '--help']),
      jobs: milliseconds([farm, 'jobs', '--help']),
    }));
    const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[runs >> 1] ?? 0;
    const node = median(turns.map((turn) => turn.node));
    const help = median(turns.map((turn) => turn.help));
    log(
      `node -e 0 ${node.toFixed(0)} ms, farm --help ${help.toFixed(0)} ms, the first time ${first.toFixed(0)} ms`,
    );
    return {
      ratio: help / node,
      more: { 'farm jobs --help ratio': median(turns.map((turn) => turn.jobs)) / node },
    };
  },
};
