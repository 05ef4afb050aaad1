import { expect, it } from 'vitest';
import { explainOwner } from '../../../infra/github/provider.ts';

it.each([
  ['there is none', undefined],
  ['this stack made it', 'prod'],
])('the OIDC provider for GitHub is no reason for a warning where %s', (_what, owner) => {
  expect(explainOwner(owner, 'prod')).toBeUndefined();
});

it.each([
  ['another stack', 'dev', 'made by the stack "dev"'],
  ['somebody else', '', 'made by no farm'],
])('an OIDC provider of %s is warned of, with the command that uses it', (_who, owner, text) => {
  const warning = explainOwner(owner, 'prod');
  expect(warning).toContain(text);
  expect(warning).toMatch(/pulumi config set githubProvider false$/);
});
