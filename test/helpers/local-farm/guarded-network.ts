import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A process that reaches the named addresses and no others. */
export interface GuardedNetwork {
  /** Preloads the guard. */
  env: { NODE_OPTIONS: string };
  /** Where the process wanted to go, as `host:port`; names that it looked up; paths of sockets. */
  wanted(): Promise<Set<string>>;
}

/**
 * Refuses every connection of a Node process but those to the addresses, and writes down where each was to lead. Below all of
 * Node's clients: HTTP, TLS and fetch end in the same call.
 */
export async function guardNetwork(folder: string, addresses: readonly string[]): Promise<GuardedNetwork> {
  const [record, path] = [join(folder, 'wanted.txt'), join(folder, 'guard.mjs')];
  await writeFile(record, '');
  await writeFile(path, guard(record, addresses));
  return {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(path).href}` },
    wanted: async () => new Set((await readFile(record, 'utf8')).split('\n').filter(Boolean)),
  };
}

const guard = (record: string, addresses: readonly string[]) => `
  import dgram from 'node:dgram';
  import { appendFileSync } from 'node:fs';
  import net from 'node:net';

  const allowed = new Set(${JSON.stringify(addresses)});
  const note = (address) => {
    appendFileSync(${JSON.stringify(record)}, address + '\\n');
    return allowed.has(address);
  };
  const refusal = () => Object.assign(new Error('refused by the test'), { code: 'ECONNREFUSED' });
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...given) {
    const [options] = Array.isArray(given[0]) ? given[0] : net._normalizeArgs(given);
    if (note(options.path ?? (options.host ?? 'localhost') + ':' + options.port)) return connect.apply(this, given);
    process.nextTick(() => this.destroy(refusal()));
    return this;
  };
  dgram.Socket.prototype.send = function (...given) {
    note('a datagram');
    const last = given.at(-1);
    if (typeof last === 'function') process.nextTick(last, refusal());
  };`;
