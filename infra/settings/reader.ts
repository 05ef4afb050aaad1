import * as pulumi from '@pulumi/pulumi';
import { orList } from '../text.ts';
import type { SettingsSource } from './sources.ts';

/** Thrown with every mistake at once. A `RunError`, so that Pulumi shows its text without a stack. */
export class SettingsError extends pulumi.RunError {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const many = problems.length === 1 ? '1 setting is invalid' : `${problems.length} settings are invalid`;
    super(`${many} (docs/configuration.md describes them all):\n${problems.join('\n')}`);
    this.problems = problems;
  }
}

/** Reads settings, remembers every mistake, and goes on; `check` then reports them all. */
export class SettingsReader {
  readonly #source: SettingsSource;
  readonly #problems: string[] = [];
  readonly #known = new Set<string>();
  /** What is set and not used, in sentences. */
  readonly notes: string[] = [];

  constructor(source: SettingsSource) {
    this.#source = source;
  }

  /** Empty when the key is not set. Of what is not known yet, only that it is set. */
  text(key: string): string {
    const value = this.#value(key);
    return typeof value === 'string' ? value : '(output)';
  }

  isSet(key: string): boolean {
    return this.text(key) !== '';
  }

  /** False for what only an update will know. */
  isKnown(key: string): boolean {
    return typeof this.#value(key) === 'string';
  }

  /** Text of the given form, or empty. */
  pattern(key: string, form: RegExp, expected: string, example: string): string {
    const value = this.text(key);
    if (value === '' || form.test(value)) return value;
    this.reject(key, `is ${quoted(value)}: expected ${expected}.`, example);
    return '';
  }

  /** As `pattern`, for what another resource may give; undefined when the key is not set. */
  input(key: string, form: RegExp, expected: string, example: string): pulumi.Input<string> | undefined {
    const value = this.#value(key);
    if (typeof value !== 'string') return value;
    return this.pattern(key, form, expected, example) || undefined;
  }

  choice<T extends string>(key: string, allowed: readonly [T, ...T[]]): T {
    const value = this.text(key);
    const found = allowed.find((one) => one === value);
    if (found === undefined)
      this.reject(key, `is ${quoted(value)}: expected ${orList(allowed)}.`, allowed[0]);
    return found ?? allowed[0];
  }

  flag(key: string): boolean {
    const value = this.text(key);
    if (value !== 'true' && value !== 'false') {
      this.reject(key, `is ${quoted(value)}: expected true or false.`, 'true');
    }
    return value === 'true';
  }

  /** A whole number; both ends are allowed. */
  integer(key: string, { min, max }: { min: number; max: number }): number {
    const value = this.text(key);
    const number = Number(value);
    if (/^-?\d+$/.test(value) && number >= min && number <= max) return number;
    const nearest = /^-?\d+$/.test(value) ? Math.min(Math.max(number, min), max) : min;
    this.reject(key, `is ${quoted(value)}: expected a whole number from ${min} to ${max}.`, `${nearest}`);
    return nearest;
  }

  /** A list of texts of the given form; empty when the key is not set. */
  list(key: string, form = /^.+$/, expected = 'texts that are not empty', example = 'value'): string[] {
    const value = this.text(key);
    if (value === '') return [];
    const items = parseList(value);
    if (items?.every((item) => form.test(item))) return items;
    this.reject(key, `is ${value}: expected a list of ${expected}.`, example, 'entry');
    return [];
  }

  /** As `list`, for what another resource may give; undefined when the key is not set. */
  listInput(
    key: string,
    form: RegExp,
    expected: string,
    example: string,
  ): pulumi.Input<string[]> | undefined {
    const value = this.#value(key);
    if (typeof value !== 'string') return value.apply((text) => parseList(text) ?? []);
    const items = this.list(key, form, expected, example);
    return items.length > 0 ? items : undefined;
  }

  /**
   * A secret output; undefined when the key is not set. Its text is looked at by `looksRight` only to warn, as what
   * is wrong with a secret shows when it is used, and must not be printed here.
   */
  secret(
    key: string,
    expected = 'a value',
    looksRight: (value: string) => boolean = () => true,
  ): pulumi.Output<string> | undefined {
    const value = this.#value(key);
    if (value === '') return undefined;
    if (typeof value === 'string' && !looksRight(value)) {
      void pulumi.log.warn(`${key} does not look like ${expected}.`);
    }
    return pulumi.secret(value);
  }

  /** Notes a mistake, with what fixes it. */
  reject(key: string, what: string, example: string, kind: 'text' | 'entry' | 'secret' = 'text'): void {
    this.rejectTogether(`${key} ${what}`, this.#source.toSet(key, example, kind));
  }

  /** As `reject`, for a key that has to be left out. */
  rejectKey(key: string, what: string): void {
    this.rejectTogether(`${key} ${what}`, this.#source.toLeaveOut(key));
  }

  /** The same for a rule about several keys; `fixes` come from `toSet` and `toLeaveOut`. */
  rejectTogether(what: string, ...fixes: string[]): void {
    this.#problems.push([`  ${what}`, ...fixes.map((fix) => `    ${fix}`)].join('\n'));
  }

  /** Notes that a key does nothing now; the owner may want it again later. */
  ignore(key: string, because: string): void {
    this.notes.push(`${key} is set but not used: ${because}.`);
  }

  toSet(key: string, value: string, kind: 'text' | 'entry' | 'secret' = 'text'): string {
    return this.#source.toSet(key, value, kind);
  }

  toLeaveOut(path: string): string {
    return this.#source.toLeaveOut(path);
  }

  /** @throws SettingsError if there is any mistake; keys that nothing reads are mistakes too */
  check(): void {
    for (const key of this.#source.keys()) {
      if (this.#known.has(key)) continue;
      const meant = nearest(key, [...this.#known]);
      this.rejectKey(key, `is not a setting of the farm${meant ? `; did you mean ${meant}?` : '.'}`);
    }
    if (this.#problems.length > 0) throw new SettingsError(this.#problems);
  }

  #value(key: string): string | pulumi.Output<string> {
    this.#known.add(key);
    return this.#source.value(key);
  }
}

function quoted(value: string): string {
  return value === '' ? 'not set' : JSON.stringify(value);
}

function parseList(value: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
  } catch {
    // Not JSON: the caller reports it.
  }
  return undefined;
}

/** The known key that differs least, if it differs little. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, key.length / 4) ? best.name : undefined;
}

/** Levenshtein: insertions, deletions and replacements. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
