import * as pulumi from '@pulumi/pulumi';

/**
 * Thrown with every mistake of the stack's config at once. A `RunError`, so that Pulumi shows its text without a stack.
 */
export class SettingsError extends pulumi.RunError {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const many = problems.length === 1 ? 'One setting needs' : `${problems.length} settings need`;
    super(`${many} mending (docs/configuration.md describes them all):\n${problems.join('\n')}`);
    this.problems = problems;
  }
}

/** Reads config keys, remembers every mistake, and goes on; `check` then tells them all. */
export class ConfigReader {
  readonly #project = pulumi.getProject();
  readonly #problems: string[] = [];
  readonly #known = new Set<string>();

  /** Empty when the key is not set. Spaces around it do not count. */
  text(key: string): string {
    this.#known.add(key);
    return (pulumi.runtime.getConfig(`${this.#project}:${key}`) ?? '').trim();
  }

  /** AWS's region, if the stack says it; else the environment does, for the provider alone. */
  region(): string | undefined {
    return pulumi.runtime.getConfig('aws:region');
  }

  /** Text of the given form, or empty. */
  pattern(key: string, form: RegExp, expected: string, example: string): string {
    const value = this.text(key);
    if (value === '' || form.test(value)) return value;
    this.refuse(key, `is ${quoted(value)}: expected ${expected}.`, example);
    return '';
  }

  choice<T extends string>(key: string, allowed: readonly [T, ...T[]]): T {
    const value = this.text(key);
    const found = allowed.find((one) => one === value);
    if (found === undefined)
      this.refuse(key, `is ${quoted(value)}: expected ${orList(allowed)}.`, allowed[0]);
    return found ?? allowed[0];
  }

  flag(key: string): boolean {
    const value = this.text(key);
    if (value !== 'true' && value !== 'false') {
      this.refuse(key, `is ${quoted(value)}: expected true or false.`, 'true');
    }
    return value === 'true';
  }

  /** A whole number; both ends are allowed. */
  integer(key: string, { min, max }: { min: number; max: number }): number {
    const value = this.text(key);
    const number = Number(value);
    if (/^-?\d+$/.test(value) && number >= min && number <= max) return number;
    const nearest = /^-?\d+$/.test(value) ? Math.min(Math.max(number, min), max) : min;
    this.refuse(key, `is ${quoted(value)}: expected a whole number from ${min} to ${max}.`, `${nearest}`);
    return nearest;
  }

  /** A list of texts of the given form; empty when the key is not set. */
  list(key: string, form = /^.+$/, expected = 'texts that are not empty', example = 'value'): string[] {
    const value = this.text(key);
    if (value === '') return [];
    const items = parseList(value);
    if (items?.every((item) => form.test(item))) return items;
    this.refuse(key, `is ${value}: expected a list of ${expected}.`, example, `--path '${key}[0]'`);
    return [];
  }

  /**
   * A secret output; undefined when the key is not set. Its text is looked at by `looksRight` only to warn, as what
   * is wrong with a secret shows when it is used, and must not be told here.
   */
  secret(
    key: string,
    expected = 'a value',
    looksRight: (value: string) => boolean = () => true,
  ): pulumi.Output<string> | undefined {
    const value = this.text(key);
    if (value === '') return undefined;
    if (!looksRight(value)) void pulumi.log.warn(`${key} does not look like ${expected}.`);
    return pulumi.secret(value);
  }

  /** Notes a mistake, with the command that mends it. */
  refuse(key: string, what: string, example: string, options = ''): void {
    this.#problems.push(`  ${key} ${what}\n    ${setLine(key, example, options)}`);
  }

  /** As `refuse`, for a key that has to be left out. */
  rejectKey(key: string, what: string): void {
    this.#problems.push(`  ${key} ${what}\n    pulumi config rm ${key}`);
  }

  /** The same for a rule without a key of its own; `commands` mend it. */
  rejectTogether(what: string, ...commands: string[]): void {
    this.#problems.push([`  ${what}`, ...commands.map((command) => `    ${command}`)].join('\n'));
  }

  /** @throws SettingsError if there is any mistake; keys that nothing reads are mistakes too */
  check(): void {
    for (const full of Object.keys(pulumi.runtime.allConfig())) {
      const [namespace, key = ''] = full.split(':');
      if (namespace !== this.#project || this.#known.has(key)) continue;
      const meant = nearest(key, [...this.#known]);
      this.rejectKey(key, `is no setting of the farm${meant ? `; did you mean ${meant}?` : '.'}`);
    }
    if (this.#problems.length > 0) throw new SettingsError(this.#problems);
  }
}

/** The command that sets a key; without a value Pulumi asks for it. */
export function setLine(key: string, value: string, options = ''): string {
  // Texts that begin with a double quote are for the shell to fill in.
  const word = /^("|[\w.@%:/+=-]*$)/.test(value) ? value : `'${value}'`;
  return `pulumi config set ${options === '' ? key : options} ${word}`.trimEnd();
}

export function orList(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

function quoted(value: string): string {
  return value === '' ? 'not set' : JSON.stringify(value);
}

function parseList(value: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
  } catch {
    // Not JSON: told as a mistake by the caller.
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
