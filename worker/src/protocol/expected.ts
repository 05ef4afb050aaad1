import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What a schema expected, in words for whoever wrote the value: "expected a whole number of at least 1". */
export function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `expected ${orList(issue.values.map((value) => String(value) || 'nothing'))}`;
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      if (issue.format === 'url') return 'expected an address that begins with https:// or http://';
      return lowerFirst(issue.message);
    case 'unrecognized_keys':
      return `has ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}, which nothing reads`;
    case 'invalid_union':
      // A union may have a sentence of its own.
      return issue.message === 'Invalid input' ? expectedByUnion(issue.errors) : lowerFirst(issue.message);
    default:
      return lowerFirst(issue.message);
  }
}

/** The alternative that the value is meant to be says most: a list with a mistake is not a name that is unknown. */
function expectedByUnion(alternatives: readonly (readonly Issue[])[]): string {
  const isOfAnotherKind = ({ path, code }: Issue) =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
  const meant = alternatives.filter((issues) => !issues.some(isOfAnotherKind));
  const shown = meant.length > 0 ? meant : alternatives;
  return [...new Set(shown.map((issues) => explainAll(issues)))]
    .join(', or ')
    .replaceAll(', or expected ', ', or ');
}

function explainAll(issues: readonly Issue[]): string {
  return issues.map((issue) => `${place(issue.path)}${expectedBy(issue)}`).join('; ');
}

/** `[0].bitrate: `; empty for the value itself. */
export function place(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return `${steps.join('').replace(/^\./, '')}: `;
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function amount(limit: number | bigint, origin: string): string {
  const units: Readonly<Record<string, string>> = {
    array: 'entries',
    string: 'characters',
    object: 'fields',
  };
  const unit = units[origin];
  if (unit === undefined) return String(limit);
  return Number(limit) === 1 ? `1 ${unit.replace(/ies$/, 'y').replace(/s$/, '')}` : `${limit} ${unit}`;
}

function orList(values: readonly string[]): string {
  return values.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
