import { parse } from 'yaml';

interface Setting {
  type: 'string' | 'boolean' | 'integer' | 'array';
  default: unknown;
  description: string;
}

/** What another resource of the owner's program may give, so that it is known only when that has been made. */
const fromResources = new Set([
  'sourceBucket',
  'outputBucket',
  'vpcId',
  'subnetIds',
  'workerImage',
  'portalOidcClientId',
  'portalCertificateArn',
  'portalZoneId',
  'portalSubnetIds',
]);
const isSecret = ({ description }: Setting) => description.startsWith('Secret');

const settingsOf = (project: string) =>
  Object.entries((parse(project) as { config: Record<string, Setting> }).config);

const origin = '// Made from Pulumi.yaml by `npm run docs`. Change it there.';

/** infra/settings/args.ts, from the text of Pulumi.yaml: one declaration of the settings, for stacks and for programs. */
export function farmArgs(project: string): string {
  const properties = settingsOf(project).map(
    ([key, setting]) => `${comment(setting)}\n  ${key}?: ${typeOf(key, setting)};`,
  );
  return `${origin}
import type * as pulumi from '@pulumi/pulumi';

/** What a farm is made of. Everything may be left out: the defaults are a small farm on Fargate with films in S3. */
export interface TranscodeFarmArgs {
${properties.join('\n')}
}
`;
}

/** infra/settings/declared.ts, from the same text: how a program's arguments become the texts of a stack's config, and back. */
export function declaredSettings(project: string): string {
  const declared = settingsOf(project).map(([key, setting]) => declaration(key, setting));
  return `${origin}
import type { TranscodeFarmArgs } from './args.ts';

/** Every setting as config has it: a text, with its default. */
export const declaredSettings = {
${declared.join('\n')}
} as const satisfies Record<
  keyof TranscodeFarmArgs,
  { kind: 'text' | 'integer' | 'flag' | 'list' | 'secret'; default: string }
>;
`;
}

function typeOf(key: string, setting: Setting): string {
  const plain = { string: 'string', boolean: 'boolean', integer: 'number', array: 'string[]' }[setting.type];
  if (fromResources.has(key) && setting.type === 'array') return 'pulumi.Input<pulumi.Input<string>[]>';
  return fromResources.has(key) || isSecret(setting) ? `pulumi.Input<${plain}>` : plain;
}

function kindOf(setting: Setting): string {
  if (isSecret(setting)) return 'secret';
  return { string: 'text', boolean: 'flag', integer: 'integer', array: 'list' }[setting.type];
}

function defaultOf({ default: value }: Setting): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value);
  return String(value);
}

const lineWidth = 110;

function declaration(key: string, setting: Setting): string {
  const fields = [`kind: '${kindOf(setting)}'`, `default: '${defaultOf(setting)}'`];
  const line = `  ${key}: { ${fields.join(', ')} },`;
  return line.length <= lineWidth
    ? line
    : `  ${key}: {\n${fields.map((field) => `    ${field},`).join('\n')}\n  },`;
}

/** The description as a doc comment, wrapped as code is. */
function comment({ description }: Setting): string {
  const whole = `  /** ${description} */`;
  if (whole.length <= lineWidth) return whole;
  const lines: string[] = [];
  for (const word of description.split(' ')) {
    const last = lines.at(-1);
    const fits = last !== undefined && `   * ${last} ${word}`.length <= lineWidth;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return ['  /**', ...lines.map((line) => `   * ${line}`), '   */'].join('\n');
}
