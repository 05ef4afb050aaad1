import * as pulumi from '@pulumi/pulumi';
import type { RecordOptions } from '../../../tools/program-run/record.ts';
import * as dryRun from '../../../tools/program-run/record.ts';
import type { Registered } from '../../../tools/program-run/registered.ts';

/** What a program registered with Pulumi, with questions about it. */
export interface Recording<T> extends dryRun.Recording<T> {
  /** Every resource of a type, such as `aws:sqs/queue:Queue`. */
  resourcesOf(type: string): Registered[];
  /** The one resource of a type, or of a type and name. Throws, naming what there is, unless there is just one. */
  resource(type: string, name?: string): Registered;
  /** Whether `later` is created after `earlier`: by dependsOn or by using an output of it. */
  dependsOn(later: Registered, earlier: Registered): boolean;
}

/**
 * Runs `build` under Pulumi mocks, waits until everything is registered, and returns what was.
 * @throws what `build`, a resource or an unknown data source threw
 */
export async function record<T>(
  build: () => T | Promise<T>,
  options: RecordOptions = {},
): Promise<Recording<T>> {
  return withQueries(await dryRun.record(build, options));
}

export function withQueries<T>(recording: dryRun.Recording<T>): Recording<T> {
  return { ...recording, ...queries(recording.resources) };
}

/** The value of an output; undefined when it is unknown. */
export function promiseOf<T>(output: pulumi.Input<T>): Promise<T> {
  return (pulumi.output(output) as unknown as { promise(): Promise<T> }).promise();
}

/** Whether an output is known and whether it is secret. */
export async function natureOf(
  output: pulumi.Input<unknown>,
): Promise<{ isKnown: boolean; isSecret: boolean }> {
  const inner = pulumi.output(output) as unknown as { isKnown: Promise<boolean>; isSecret: Promise<boolean> };
  return { isKnown: await inner.isKnown, isSecret: await inner.isSecret };
}

function queries(resources: readonly Registered[]) {
  const resourcesOf = (type: string) => resources.filter((resource) => resource.type === type);
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  function dependsOn(
    later: Registered,
    earlier: Registered,
    seen: Set<string> = new Set([later.urn]),
  ): boolean {
    return later.dependsOn.some((urn) => {
      if (urn === earlier.urn) return true;
      const between = byUrn.get(urn);
      if (!between || seen.has(urn)) return false;
      seen.add(urn);
      return dependsOn(between, earlier, seen);
    });
  }
  return {
    resourcesOf,
    resource(type: string, name?: string) {
      const found = resourcesOf(type).filter((resource) => name === undefined || resource.name === name);
      const [only] = found;
      if (only && found.length === 1) return only;
      const known = resources.map((resource) => `${resource.type} ${resource.name}`).join('\n  ');
      throw new Error(
        `expected one ${type}${name ? ` "${name}"` : ''}, found ${found.length}; there are:\n  ${known}`,
      );
    },
    dependsOn: (later: Registered, earlier: Registered) => dependsOn(later, earlier),
  };
}
