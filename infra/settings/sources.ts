import * as pulumi from '@pulumi/pulumi';
import type { TranscodeFarmArgs } from './args.ts';
import { declaredSettings } from './declared.ts';

/** Where settings come from, as texts, and what an owner does to change one there. */
export interface SettingsSource {
  keys(): string[];
  /** Empty when the key is not set. An output for what only an update will know, and for secrets. */
  value(key: string): string | pulumi.Output<string>;
  /** What sets a key. `entry` is a key, or the path to one entry of a list. */
  toSet(key: string, value: string, kind: 'text' | 'entry' | 'secret'): string;
  toLeaveOut(path: string): string;
}

/** The stack's config. */
export class ConfigSource implements SettingsSource {
  readonly #project = pulumi.getProject();
  /** Read once: Pulumi parses all of it at each question. */
  readonly #config: Readonly<Record<string, string>> = pulumi.runtime.allConfig();

  keys(): string[] {
    return Object.keys(this.#config).flatMap((full) => {
      const [namespace, key = ''] = full.split(':');
      return namespace === this.#project ? [key] : [];
    });
  }

  value(key: string): string {
    return (this.#config[`${this.#project}:${key}`] ?? '').trim();
  }

  toSet(key: string, value: string, kind: 'text' | 'entry' | 'secret'): string {
    const where = { text: key, entry: `--path '${key}[0]'`, secret: `--secret ${key}` }[kind];
    return `pulumi config set ${where} ${shellWord(value)}`.trimEnd();
  }

  toLeaveOut(path: string): string {
    return path.includes('[') ? `pulumi config rm --path '${path}'` : `pulumi config rm ${path}`;
  }
}

/** The arguments that a program gives to a `TranscodeFarm`; what is left out has its default. */
export class ArgsSource implements SettingsSource {
  readonly #args: Readonly<Record<string, unknown>>;

  constructor(args: TranscodeFarmArgs) {
    this.#args = { ...args };
  }

  keys(): string[] {
    return Object.keys(this.#args).filter((key) => this.#args[key] !== undefined);
  }

  value(key: string): string | pulumi.Output<string> {
    const value = this.#args[key];
    if (value === undefined || value === null) return defaultOf(key);
    if (isPending(value)) return pulumi.output(value).apply((known) => textOf(known));
    return textOf(value);
  }

  toSet(key: string, value: string, kind: 'text' | 'entry' | 'secret'): string {
    if (kind === 'secret') return `${key}: a secret output`;
    const text = /^(true|false|\d+)$/.test(value) ? value : JSON.stringify(value);
    return `${key}: ${kind === 'entry' ? `[${text}]` : text}`;
  }

  toLeaveOut(path: string): string {
    return `leave out ${path}`;
  }
}

type Key = keyof typeof declaredSettings;

/** Empty for what is not a setting, which the reader reports. */
function defaultOf(key: string): string {
  return key in declaredSettings ? declaredSettings[key as Key].default : '';
}

/** The stack's config as arguments, each of the type that Pulumi.yaml gives it; secrets are secret outputs. */
export function argsOf(config: ConfigSource): TranscodeFarmArgs {
  const set = (Object.keys(declaredSettings) as Key[]).flatMap((key) => {
    const text = config.value(key);
    return text === '' ? [] : [[key, typed(declaredSettings[key].kind, text)]];
  });
  return Object.fromEntries(set) as TranscodeFarmArgs;
}

function typed(kind: (typeof declaredSettings)[Key]['kind'], text: string): unknown {
  if (kind === 'secret') return pulumi.secret(text);
  return kind === 'text' ? text : JSON.parse(text);
}

/** Known only when something else has been made. */
export function isPending(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isPending);
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).trim();
}

/** The text of a setting from a stack's config, where each one is plain; undefined when it is not set. */
export function plainText(value: pulumi.Input<string> | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A value in a command line. */
function shellWord(value: string): string {
  // Texts that begin with a double quote are for the shell to fill in.
  return /^("|[\w.@%:/+=-]*$)/.test(value) ? value : `'${value}'`;
}
