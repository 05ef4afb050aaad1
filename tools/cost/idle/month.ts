import { UserError } from '../../../cli/errors.ts';
import type { Charge } from '../charge.ts';
import type { FarmFacts } from '../facts.ts';
import { ruleOf } from './rules.ts';

/** What a resource costs in a month in which no film comes. */
export interface IdleResource {
  type: string;
  name: string;
  /** Nothing, for what is free. */
  charges: Charge[];
  /** Why it is free. */
  free?: string;
}

/**
 * Every resource that the program registers, priced or free.
 * @throws UserError that names a type which is neither: its rule is missing in `rules.ts`
 */
export function idleMonth(farm: FarmFacts): IdleResource[] {
  return farm.resources.map((resource) => {
    const { type, name } = resource;
    const found = ruleOf(resource)?.(resource, farm);
    if (found === undefined) {
      throw new UserError(
        `The program makes a "${type}" ("${name}"), and nothing says what that costs. Add a rule for it to tools/cost/idle/rules.ts.`,
      );
    }
    return typeof found === 'string'
      ? { type, name, charges: [], free: found }
      : { type, name, charges: found };
  });
}
