import type { Inputs, Registered } from '../../../tools/program-run/registered.ts';
import type { Recording } from './pulumi.ts';

/** A statement of an IAM policy, with its one-or-many fields as lists. */
export interface Statement {
  /** Resource that the policy is on: type and name. */
  at: string;
  sid?: string;
  effect: string;
  actions: string[];
  resources: string[];
  principal: unknown;
  condition: Record<string, Record<string, unknown>>;
}

const policyInputs = ['policy', 'assumeRolePolicy'];

/** Every statement of every policy: of roles, queues, topics and buckets. */
export function statementsOf(recording: Pick<Recording<unknown>, 'resources'>): Statement[] {
  return recording.resources.flatMap((resource) =>
    policiesOf(resource).flatMap((policy) => parsePolicy(policy, `${resource.type} ${resource.name}`)),
  );
}

function policiesOf({ type, inputs }: Registered): string[] {
  if (!type.startsWith('aws:')) return [];
  const inline = Array.isArray(inputs.inlinePolicies) ? (inputs.inlinePolicies as Inputs[]) : [];
  return [...policyInputs.map((key) => inputs[key]), ...inline.map(({ policy }) => policy)].flatMap(
    (policy) => {
      if (typeof policy === 'string' && policy.trimStart().startsWith('{')) return [policy];
      return policy !== null && typeof policy === 'object' ? [JSON.stringify(policy)] : [];
    },
  );
}

export function parsePolicy(policy: string, at = ''): Statement[] {
  const { Statement } = JSON.parse(policy) as { Statement: unknown };
  return many(Statement).map((one) => {
    const { Sid, Effect, Action, Resource, Principal, Condition } = one as Record<string, unknown>;
    return {
      at,
      sid: Sid as string | undefined,
      effect: String(Effect),
      actions: many(Action).map(String),
      resources: many(Resource).map(String),
      principal: Principal,
      condition: (Condition ?? {}) as Statement['condition'],
    };
  });
}

function many(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
