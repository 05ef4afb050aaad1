import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readProject } from '../../tools/program-run/stacks.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { uses?: string; if?: string; permissions?: Record<string, string>; steps?: Step[] }>;
}

const root = new URL('../../', import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8');
const files = readdirSync(new URL('.github/workflows/', root));
const workflows = files.map((file) => {
  const text = textOf(`.github/workflows/${file}`);
  return { file, text, workflow: parse(text) as Workflow };
});
function jobsOf(name: string): Workflow['jobs'] {
  const found = workflows.find(({ file }) => file === name);
  if (!found) throw new Error(`there is no workflow ${name}`);
  return found.workflow.jobs;
}
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);

it('are the checks, the preview and the deployment', () => {
  expect(files.sort()).toEqual(['ci.yml', 'deploy.yml', 'preview.yml']);
});

describe.each(workflows)('$file', ({ text, workflow }) => {
  it('names each action by its commit, and its version beside it', () => {
    const uses = [...text.matchAll(/uses: (\S+)(.*)$/gm)].filter(([, action]) => !action?.startsWith('./'));
    expect(uses.length).toBeGreaterThan(1);
    for (const [line] of uses) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('reads the repository and no more, except in jobs that take a role or write a comment', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { permissions, steps = [] } of Object.values(workflow.jobs)) {
      const takesRole = steps.some(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'));
      const comments = steps.some((step) => step.with?.['comment-on-pr'] === true);
      expect(permissions ?? { contents: 'read' }).toEqual({
        contents: 'read',
        ...(takesRole && { 'id-token': 'write' }),
        ...(comments && { 'pull-requests': 'write' }),
      });
    }
  });

  it('leaves no token behind in the checkout, and keeps no AWS key', () => {
    const checkouts = stepsOf(workflow).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const checkout of checkouts) expect(checkout.with?.['persist-credentials']).toBe(false);
    expect(text).not.toMatch(/aws-access-key-id|AWS_SECRET_ACCESS_KEY/);
  });

  it('puts nothing from outside into a shell', () => {
    for (const { run = '' } of stepsOf(workflow)) expect(run).not.toContain('${{');
  });

  it('uses only variables and secrets that the page on deploying names', () => {
    const page = textOf('docs/deploy.md');
    for (const [, name] of text.matchAll(/\b(?:vars|secrets)\.(\w+)/g)) expect(page).toContain(`${name}`);
  });
});

it("runs the checks on the base of the worker's image, whose ffmpeg it has", () => {
  const [, base] = /^FROM (node:\S+?)-slim$/m.exec(textOf('worker/Dockerfile')) ?? [];
  expect(base).toBe('node:24-trixie');
  expect(jobsOf('ci.yml').check).toMatchObject({ container: base });
});

it('deploys only after the checks, and only to stacks that there are', () => {
  const jobs = jobsOf('deploy.yml');
  expect(jobs.up).toMatchObject({ needs: 'check' });
  expect(jobs.check?.uses).toBe('./.github/workflows/ci.yml');
  const [, release, main] = /'release' && '(\w+)' \|\| '(\w+)'/.exec(JSON.stringify(jobs.up)) ?? [];
  expect([release, main]).toEqual(['prod', 'dev']);
  for (const stack of [release, main]) expect(textOf(`Pulumi.${stack}.yaml`)).toContain('config:');
});

it('previews only what comes from within the repository', () => {
  expect(jobsOf('preview.yml').preview?.if).toContain('head.repo.full_name == github.repository');
});

it('waits a week before it offers a dependency, of each kind that there is', () => {
  const { updates } = parse(textOf('.github/dependabot.yml')) as {
    updates: { 'package-ecosystem': string; cooldown?: { 'default-days': number } }[];
  };
  expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual([
    'docker',
    'github-actions',
    'npm',
  ]);
  for (const { cooldown } of updates) expect(cooldown?.['default-days']).toBeGreaterThanOrEqual(7);
});

it("reports the roles' settings as the program has them", () => {
  const page = textOf('docs/deploy.md');
  const keys = Object.keys(readProject().config).filter((key) => key.startsWith('github'));
  expect(keys.length).toBe(3);
  for (const key of keys) expect(page).toContain(`pulumi config set ${key}`);
});
