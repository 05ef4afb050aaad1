/** A query of CloudWatch metric math: measured, or computed from others. */
export interface Query {
  id: string;
  expression?: string;
  returnData?: boolean;
}

const functions = {
  IF: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
  FILL: (value: number | undefined, filler: number | undefined) => value ?? filler,
  ZERO: (value: number | undefined) => value ?? 0,
};

/**
 * One point of the query that returns data, computed as CloudWatch does: from measured values by id, undefined where the minute has none.
 * Undefined, as a missing point, when something needed is missing.
 * @param before the last known value, which `FILL(id, REPEAT)` repeats
 */
export function evaluate(
  queries: readonly Query[],
  measured: Readonly<Record<string, number | undefined>>,
  before: (id: string) => number | undefined = () => undefined,
): number | undefined {
  const [result, ...others] = queries.filter(({ returnData }) => returnData);
  if (!result?.expression || others.length > 0) throw new Error('expected one expression that returns data');
  const value = (id: string): number | undefined => {
    const query = queries.find((query) => query.id === id);
    if (!query) throw new Error(`no query has the id ${id}`);
    return query.expression === undefined ? measured[id] : compute(query.expression);
  };
  const compute = (expression: string): number | undefined => {
    const { ids, run } = compile(expression);
    const computed = run(before, ...Object.values(functions), ...ids.map(value));
    return Number.isFinite(computed) ? computed : undefined;
  };
  return compute(result.expression);
}

const compiled = new Map<string, { ids: string[]; run: (...values: unknown[]) => number }>();

function compile(expression: string) {
  const known = compiled.get(expression);
  if (known) return known;
  const ids = [...new Set(expression.match(/\b[a-z]\w*\b/g) ?? [])];
  const program = expression
    .replace(/\bAND\b/g, '&&')
    // A comparison takes a missing value for 0 (CloudWatch user guide, metric math).
    .replace(/(?<!\+ )\b([a-z]\w*) ([<>]) ([a-z]\w*|\d+)/g, 'ZERO($1) $2 ZERO($3)')
    .replace(/\bFILL\((\w+), REPEAT\)/g, '($1 ?? BEFORE("$1"))');
  const run = new Function('BEFORE', ...Object.keys(functions), ...ids, `return ${program};`) as (
    ...values: unknown[]
  ) => number;
  compiled.set(expression, { ids, run });
  return { ids, run };
}
