import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { pricedRegion, pricesDate } from '../../../tools/cost/prices.ts';
import type { CostReport } from '../../../tools/cost/report.ts';
import { runCost } from '../../../tools/cost/run.ts';
import { stackFiles } from '../../../tools/program-run/stacks.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'farm-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const output = { stdout: '', stderr: '' };
  const status = await runCost(args, folder, {
    log: (text: string) => {
      output.stdout += `${text}\n`;
    },
    error: (text: string) => {
      output.stderr += `${text}\n`;
    },
  });
  return { status, ...output };
}

describe('npm run cost', () => {
  it('prints Pulumi.prod.yaml without arguments', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'tools/cost/main.ts')],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, INIT_CWD: folder } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Prices of us-east-1, gone through on 20\d\d-\d\d-\d\d/);
    for (const heading of [
      '## Pulumi.prod.yaml',
      '### A month in which no film comes',
      '### A worker, an hour',
      '### A film of two hours',
      '### Beside others',
    ]) {
      expect(stdout).toContain(`\n${heading}\n`);
    }
    expect(stdout).toContain('not measured here');
  });

  it('says from how many views a preset pays where x264 encodes, and with which storage', async () => {
    const { stdout } = await run('Pulumi.dev.yaml');
    expect(stdout).toContain('\n### Presets and qualities\n');
    for (const storage of ['S3 with CloudFront', 'R2', 'Wasabi']) expect(stdout).toContain(`**${storage}**`);
    expect(stdout).toMatch(/\| standard +\| medium +\|/);
    expect(stdout).toMatch(/With 1,000 views and a year of storage, `\w+` costs least\./);
  });

  it('prints all stacks as JSON', async () => {
    const { stdout } = await run('--all', '--json');
    const reports = JSON.parse(stdout) as CostReport[];
    expect(reports.map(({ stack }) => stack)).toEqual(stackFiles);
    for (const { idle, film } of reports) {
      expect(idle.usd).toBeGreaterThan(0);
      expect(idle.listUsd).toBeGreaterThan(idle.usd);
      expect(film.costs.every(({ totalUsd }) => totalUsd > 0)).toBe(true);
    }
  });

  it('takes a stack file of one’s own, its secrets encrypted, and says when it is deployed elsewhere', async () => {
    const secret = '  transcode-farm:databaseUrl:\n    secure: v1:encrypted\n';
    const config = `encryptionsalt: v1:salt\nconfig:\n  aws:region: eu-central-1\n${secret}`;
    writeFileSync(join(folder, 'Pulumi.mine.yaml'), config);
    const { status, stdout } = await run('Pulumi.mine.yaml');
    expect(status).toBe(0);
    expect(stdout).toContain('Pulumi.mine.yaml is deployed to eu-central-1, where prices differ.');
  });

  it.each([
    [
      'a file that is not there',
      ['nope.yaml'],
      'There is no stack file "nope.yaml". There are: Pulumi.burst.yaml',
    ],
    [
      'a region without prices',
      ['--region', 'eu-west-1'],
      'no prices for the region "eu-west-1", only for us-east-1',
    ],
    ['an unknown option', ['--yearly'], 'Usage: npm run cost --'],
    ['two files', ['a.yaml', 'b.yaml'], 'One stack file at once, or --all'],
    [
      'a file that is no stack',
      [join(root, 'package.json')],
      'package.json" is not a stack file: it has no "config"',
    ],
    ['settings with mistakes', ['Pulumi.wrong.yaml'], 'pulumi config set storage s3'],
  ])('refuses %s in a sentence', async (_what, args, message) => {
    writeFileSync(join(folder, 'Pulumi.wrong.yaml'), 'config:\n  transcode-farm:storage: s4\n');
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('README.md', () => {
  const page = readFileSync(join(root, 'docs/cost.md'), 'utf8').split('\n');
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const cells = (row = '') => row.split('|').map((cell) => cell.trim());
  const lineOf = (start: string, from = 0) =>
    cells(page.slice(from).find((line) => cells(line)[1] === start));

  it('has the dollars and times of docs/cost.md in its first table, with their ranges', () => {
    const own = readme.match(/^\| this farm .*$/gm) ?? [];
    expect(own.length).toBeGreaterThan(2);
    for (const row of own) {
      const [, what = '', ...figures] = cells(row);
      const file = /`(.+?)`/.exec(what)?.[0] ?? '';
      const [, , playable, , lone, , , , times, dollars] = lineOf(file);
      expect([file, ...figures]).toEqual([file, lone, playable, dollars, times, '']);
    }
  });

  it('has the dollars of docs/cost.md in its table of services', () => {
    const tableAt = (lines: string[]) =>
      lines.findIndex((line) => line.startsWith('| a month, in US dollars'));
    const own = readme.split('\n');
    const [heads, ...rows] = own
      .slice(tableAt(own))
      .filter((_, nth) => nth !== 1)
      .slice(0, 7)
      .map(cells);
    const wanted = lineOf('a month, in US dollars') ?? [];
    const columns = (heads ?? []).map((head) => wanted.indexOf(head));
    expect(columns.slice(1, -1)).not.toContain(-1);
    expect(rows.length).toBe(6);
    for (const row of rows) {
      const line = lineOf(row[1] ?? '', tableAt(page)) ?? [];
      expect(row.slice(2, -1)).toEqual(columns.slice(2, -1).map((column) => line[column]));
    }
  });

  it('has the price of MediaConvert, the date of the prices, and what a sleeping farm costs, as docs/cost.md has them', () => {
    const name = 'AWS Elemental MediaConvert, Basic tier';
    expect(cells(readme.match(new RegExp(`^\\| ${name}.*$`, 'm'))?.[0])[2]).toBe(lineOf(name)[2]);
    expect(readme).toContain(`list prices of ${pricedRegion} of ${pricesDate}`);
    const [, , , , idle, withoutFree] = lineOf('`Pulumi.dev.yaml`', page.indexOf('## Every stack file'));
    expect(readme.replaceAll('\n', ' ')).toContain(
      `a sleeping farm like \`Pulumi.dev.yaml\` costs [${idle} a month](docs/cost.md), or ${withoutFree} where the account's free allowances are used up`,
    );
  });
});
