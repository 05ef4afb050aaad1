import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { project, type RecordOptions } from './record.ts';

/** Config as the Pulumi CLI gives it to a program: all values texts, lists as JSON, defaults of Pulumi.yaml filled in. */
export type StackConfig = Required<Pick<RecordOptions, 'config' | 'secretKeys' | 'stack'>>;

interface Declared {
  type: 'string' | 'boolean' | 'integer' | 'array';
  items?: { type: string };
  default: unknown;
  description: string;
}

const root = new URL('../../', import.meta.url);

interface Project {
  name: string;
  main: string;
  runtime: { options: { typescript: boolean; nodeargs: string } };
  config: Record<string, Declared>;
}

let knownProject: Project | undefined;

/** Pulumi.yaml, as far as the program and its settings go. Read once. */
export function readProject(): Project {
  knownProject ??= parse(readFileSync(new URL('Pulumi.yaml', root), 'utf8')) as Project;
  return knownProject;
}

/** The nine stack files, from the repository's root. */
export const stackFiles = [
  'Pulumi.burst.yaml',
  'Pulumi.dev.yaml',
  'Pulumi.function.yaml',
  'Pulumi.prod.yaml',
  ...readdirSync(new URL('stacks/', root))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `stacks/${name}`),
];

/** Values for the secrets that stack files leave to their owner, or that are encrypted in them. */
export const madeUpSecrets: Readonly<Record<string, string>> = {
  databaseUrl: 'postgres://farm:sesame-database@db.example.com/films',
  webhookSecret: 'whsec_c2VzYW1lLXdlYmhvb2stc2VzYW1lLXdlYmhvb2s=',
  portalPasswordHash: 'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  portalOidcClientSecret: 'sesame-client-secret',
  portalSigningKey: 'sesame-signing-key-sesame-signing-key',
  wasabiAccessKeyId: 'SESAMEACCESSKEY',
  wasabiSecretAccessKey: 'sesame-wasabi-secret',
};

/**
 * A stack file, by its path from the repository's root or an absolute one, with its secrets filled in and some keys changed; undefined
 * takes a key away.
 * @throws what reading the file and its YAML throws
 */
export function loadStack(file: string, changes: Record<string, string | undefined> = {}): StackConfig {
  const text = readFileSync(new URL(file, root), 'utf8');
  const own = parse(text) as { config?: object } | null;
  if (own?.config === undefined) throw new TypeError('it has no "config"');
  return stackOf(
    own.config,
    { ...secretsIn(text), ...changes },
    basename(file, '.yaml').replace('Pulumi.', ''),
  );
}

/** A stack with these keys in its file, and some changed; all others have the defaults of Pulumi.yaml. */
export function stackOf(
  own: object,
  changes: Record<string, string | undefined>,
  stack: string,
): StackConfig {
  const config: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, { default: value }] of Object.entries(readProject().config)) config[key] = textOf(value);
  for (const [full, value] of Object.entries(own)) {
    const key = full.replace(`${project}:`, '');
    if (isSecure(value)) secretKeys.push(key);
    config[key] = isSecure(value) ? (madeUpSecrets[key] ?? 'sesame') : textOf(value);
  }
  for (const [key, value] of Object.entries(changes)) {
    if (key in madeUpSecrets && value !== '') secretKeys.push(key);
    if (value === undefined) delete config[key];
    else config[key] = value;
  }
  return { config, secretKeys, stack };
}

/** The secrets that the head of a ready stack asks its owner to set, made up. */
function secretsIn(text: string): Record<string, string> {
  const keys = [...text.matchAll(/config set --secret (\w+)/g)].map(([, key = '']) => key);
  return Object.fromEntries(
    keys.flatMap((key) => (madeUpSecrets[key] === undefined ? [] : [[key, madeUpSecrets[key]]])),
  );
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function isSecure(value: unknown): boolean {
  return value !== null && typeof value === 'object' && 'secure' in value;
}
