/** A policy of IAM, as JSON has it. */
export interface Policy {
  Statement: readonly Statement[];
}

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | readonly string[];
  Resource: string | readonly string[];
  Condition?: unknown;
}

/**
 * Whether policies allow an action: one statement must allow it, and none deny it
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 * @throws Error for a condition, which nothing here can decide
 */
export function allows(policies: readonly Policy[], action: string, resource: string): boolean {
  const about = policies
    .flatMap(({ Statement }) => Statement)
    .filter(({ Action, Resource }) => matches(Action, action, 'i') && matches(Resource, resource));
  const conditional = about.find(({ Condition }) => Condition !== undefined);
  if (conditional) throw new Error(`Whether ${action} is allowed depends on ${JSON.stringify(conditional)}.`);
  return about.length > 0 && about.every(({ Effect }) => Effect === 'Allow');
}

/** `*` stands for any characters, `?` for one. Letter case counts in resources alone. */
function matches(patterns: string | readonly string[], text: string, flags = ''): boolean {
  return [patterns].flat().some((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, `s${flags}`).test(text);
  });
}
