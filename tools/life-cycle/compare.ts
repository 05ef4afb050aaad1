import type { Recording } from '../program-run/record.ts';
import type { Inputs, Registered } from '../program-run/registered.ts';
import { replacing } from './replacing.ts';

/** What an update does with a resource: `kept` leaves it in the cloud, out of the stack. */
export type ChangeKind = 'made' | 'changed' | 'replaced' | 'removed' | 'kept';

export interface Change {
  type: string;
  name: string;
  kind: ChangeKind;
  /** Of what is changed or replaced. */
  properties: string[];
}

type Run = Pick<Recording<unknown>, 'resources'>;

/**
 * What `pulumi up` does to a farm that runs with one config when it gets another: two runs of the program are compared, as the engine
 * does, with a table of what providers replace.
 * @throws Error for a type that the table does not have
 */
export function compareRuns(before: Run, after: Run): Change[] {
  // What the program only reads is not the stack's.
  const owned = ({ resources }: Run) => resources.filter(({ isRead }) => !isRead);
  const olds = new Map(owned(before).map((resource) => [identity(resource), resource]));
  const news = new Map(
    withNamesKept(olds, owned(after)).map((resource) => [keyOf(resource, olds), resource]),
  );
  const replaced = new Set<string>();
  const changes = new Map<string, Change>();
  // What is replaced has another id, which may replace what is made of it; so until nothing more is.
  for (let seen = -1; seen !== replaced.size; ) {
    seen = replaced.size;
    for (const [key, resource] of news) {
      const old = olds.get(key);
      if (!old || !resource.custom) continue;
      const properties = differences(old, resource, replaced);
      if (properties.length === 0) continue;
      const isReplaced = replaces(resource, properties);
      if (isReplaced || hasNewVersion(resource, properties)) replaced.add(resource.urn);
      changes.set(key, { ...named(resource), kind: isReplaced ? 'replaced' : 'changed', properties });
    }
  }
  const made = [...news].filter(([key, { custom }]) => custom && !olds.has(key));
  const gone = [...olds].filter(([key, { custom }]) => custom && !news.has(key));
  return [
    ...changes.values(),
    ...made.map(([, resource]) => ({ ...named(resource), kind: 'made' as const, properties: [] })),
    ...gone.map(([, resource]) => ({
      ...named(resource),
      kind: resource.retainOnDelete ? ('kept' as const) : ('removed' as const),
      properties: [],
    })),
  ];
}

/** A secret with another value has another version, which the task definition names, so that workers get it at once. */
function hasNewVersion({ type, inputs }: Registered, properties: readonly string[]): boolean {
  return (
    type === 'aws:ssm/parameter:Parameter' && inputs.type === 'SecureString' && properties.includes('value')
  );
}

function replaces({ type, replaceOnChanges }: Registered, properties: readonly string[]): boolean {
  const rules = replacing[type];
  if (rules === undefined) throw new Error(`replacing.ts does not say what replaces a ${type}`);
  if (rules === 'everything') return properties.some((property) => !/^(tags|skipDestroy)\b/.test(property));
  return [...rules, ...replaceOnChanges].some((rule) =>
    properties.some((property) => property === rule || property.startsWith(`${rule}.`)),
  );
}

/** Paths of the inputs that differ, by value or because what they come from is replaced. */
function differences(old: Registered, now: Registered, replaced: ReadonlySet<string>): string[] {
  const ignored = (path: string) =>
    now.ignoreChanges.some((rule) => path === rule || path.startsWith(`${rule}.`));
  const paths = differing(old.inputs, now.inputs, '');
  const derived = Object.entries(now.propertyDependencies)
    .filter(([property]) => property !== 'policy')
    .flatMap(([property, urns]) =>
      urns.some((urn) => replaced.has(urn)) ? leaves(now.inputs[property], property) : [],
    );
  return [...new Set([...paths, ...derived])].filter((path) => !ignored(path));
}

function differing(old: unknown, now: unknown, path: string): string[] {
  if (JSON.stringify(plain(old)) === JSON.stringify(plain(now))) return [];
  if (!isRecord(old) || !isRecord(now)) return [path];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return keys.flatMap((key) => differing(old[key], now[key], path === '' ? key : `${path}.${key}`));
}

function leaves(value: unknown, path: string): string[] {
  if (!isRecord(value)) return [path];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, `${path}.${key}`));
}

function isRecord(value: unknown): value is Inputs {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Promises of an asset's text don't compare; its text does. */
function plain(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, plain(value[key])]),
  );
}

/**
 * The program as the engine sees it: where the change of a name is ignored, the resource goes on under its name, and everything that
 * is made of it is given that one.
 */
function withNamesKept(olds: ReadonlyMap<string, Registered>, news: readonly Registered[]): Registered[] {
  const kept = news.flatMap((now) => {
    const old = olds.get(keyOf(now, olds));
    const [was, is] = [old?.outputs.name ?? old?.outputs.bucket, now.outputs.name ?? now.outputs.bucket].map(
      String,
    );
    return old && was !== is && now.ignoreChanges.length > 0 ? [{ was: was ?? '', is: is ?? '' }] : [];
  });
  const rename = (text: string) => kept.reduce((all, { was, is }) => all.replaceAll(is, was), text);
  return news.map((now) => ({ ...now, inputs: JSON.parse(rename(JSON.stringify(now.inputs))) as Inputs }));
}

/** Where the stack has it: under its own URN, or under that of a former parent. */
function keyOf(resource: Registered, olds: ReadonlyMap<string, Registered>): string {
  const own = identity(resource);
  if (olds.has(own)) return own;
  const { type, name, urn, aliases } = resource;
  const project = urn.split('::')[1] ?? '';
  const former = aliases.map((parent) => {
    const parentType = parent.split('::')[2]?.split('$').at(-1) ?? '';
    return identity({ urn: `urn:pulumi:any::${project}::${parentType}$${type}::${name}` });
  });
  return former.find((key) => olds.has(key)) ?? own;
}

/** A URN without the stack's name, so that a stack can be compared with itself under another one. */
function identity({ urn }: Pick<Registered, 'urn'>): string {
  return urn.replace(/^urn:pulumi:[^:]+/, '');
}

function named({ type, name }: Registered) {
  return { type, name };
}
