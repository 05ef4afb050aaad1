import * as pulumi from '@pulumi/pulumi';

/** Most letters of a farm's name: what is made is called by it, and AWS allows some things 64 letters in all. */
const maxLetters = 20;

/**
 * A farm's name begins the names of its resources, among them buckets and repositories, which take small letters alone.
 * @throws RunError
 */
export function checkName(name: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= maxLetters) return;
  throw new pulumi.RunError(
    `TranscodeFarm "${name}": expected a name of at most ${maxLetters} small letters, digits and single "-", beginning with a letter.`,
  );
}

/** What names a farm in its account, for things that have no name of Pulumi's own making. */
export function farmName(name: string, separator: '-' | '/' = '-'): string {
  return [pulumi.getProject(), stackName(), name].join(separator);
}

/** The stack's name in the letters that AWS takes everywhere: Pulumi allows a dot too. */
export function stackName(): string {
  return pulumi.getStack().replaceAll('.', '-');
}
