import type { Style } from '../text/style.ts';

export function writtenLine(stack: string): string {
  return `Pulumi.${stack}.yaml is written. Looking for what a deployment of it would fail at:`;
}

/** The commands that a new stack file needs. */
export function stepsOf(stack: string): [string, string] {
  return [`pulumi stack init ${stack}`, 'pulumi up'];
}

/** These commands, and what else is of use before them. */
export function nextLines(stack: string, style: Style): string[] {
  const [create, deploy] = stepsOf(stack);
  return [
    'Next:',
    `  ${style.bold(create)}`,
    '  the commands after "fix:" above, if there are any',
    `  npm run cost -- Pulumi.${stack}.yaml    ${style.dim('what it costs')}`,
    `  ${style.bold(deploy)}`,
  ];
}
