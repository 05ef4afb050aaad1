import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationPage } from '../../../tools/docs/configuration-page.ts';
import { declaredSettings, farmArgs } from '../../../tools/docs/farm-args.ts';
import { readProject } from '../../../tools/program-run/stacks.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('Pulumi.yaml', () => {
  it.each(Object.entries(readProject().config))(
    'declares %s with type, default and description',
    (_key, setting) => {
      const { type } = setting;
      const typeOf = { string: 'string', boolean: 'boolean', integer: 'number', array: 'object' }[type];
      expect(typeof setting.default).toBe(typeOf);
      expect(setting.description.length).toBeGreaterThan(15);
      expect(setting.items).toEqual(type === 'array' ? { type: 'string' } : undefined);
    },
  );
});

describe('the arguments of TranscodeFarm', () => {
  it('are what Pulumi.yaml declares (if not: npm run docs)', () => {
    expect(read('infra/settings/args.ts')).toBe(farmArgs(read('Pulumi.yaml')));
  });

  it('have the kinds and defaults that Pulumi.yaml declares (if not: npm run docs)', () => {
    expect(read('infra/settings/declared.ts')).toBe(declaredSettings(read('Pulumi.yaml')));
  });
});

describe('docs/configuration.md', () => {
  it('is what Pulumi.yaml declares (if not: npm run docs)', () => {
    expect(read('docs/configuration.md')).toBe(configurationPage(read('Pulumi.yaml')));
  });

  it('has a row for every key', () => {
    const page = read('docs/configuration.md');
    for (const key of Object.keys(readProject().config)) expect(page).toContain(`\n| \`${key}\` |`);
  });
});
