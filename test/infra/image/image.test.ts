import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextPaths, hashOfContext, leftOut } from '../../../infra/image/context.ts';
import { needsVmaf, WorkerImage } from '../../../infra/image/image.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const root = new URL('../../../', import.meta.url);

class Build extends pulumi.CustomResource {}

describe('WorkerImage', () => {
  it('builds worker/Dockerfile from the repository root, for the machines of the farm', async () => {
    const image = await record(() => new WorkerImage('worker'));
    expect(image.resource('awsx:ecr:Image').inputs).toEqual({
      repositoryUrl: '123456789012.dkr.ecr.us-east-1.amazonaws.com/worker-0a1b2c3',
      context: '.', // from where the tests run
      dockerfile: 'worker/Dockerfile',
      platform: 'linux/amd64',
      imageTag: hashOfContext(root),
    });
    expect(await promiseOf(image.result.uri)).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  it('has an ffmpeg that measures VMAF where the farm does, and another tag with it', async () => {
    const image = await record(
      () => new WorkerImage('worker', { measuresVmaf: needsVmaf({ PER_FILM_QUALITY: 'true' }) }),
    );
    expect(image.resource('awsx:ecr:Image').inputs).toMatchObject({
      args: { MEASURE: 'vmaf' },
      imageTag: `${hashOfContext(root)}-vmaf`,
    });
  });

  it('keeps the images before it when a new one takes their place in the stack', async () => {
    const { resources } = await record(() => {
      const image = new WorkerImage('worker');
      // As awsx makes it: named by the tag.
      new Build('docker-build:index:Image', 'the-tag', {}, { parent: image });
    });
    const build = resources.find(({ type }) => type === 'docker-build:index:Image');
    expect(build?.retainOnDelete).toBe(true);
  });

  it('takes a tag again that was there before, as going back builds an older commit again', async () => {
    const image = await record(() => new WorkerImage('worker'));
    expect(image.resource('awsx:ecr:Repository').inputs.imageTagMutability).toBe('MUTABLE');
  });

  it('lets the repository go with the stack', async () => {
    const image = await record(() => new WorkerImage('worker'));
    expect(image.resource('awsx:ecr:Repository').inputs.forceDelete).toBe(true);
  });
});

describe('the tag', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'image-'));
    mkdirSync(join(folder, 'worker/src'), { recursive: true });
    for (const path of ['.npmrc', 'package.json', 'package-lock.json'])
      writeFileSync(join(folder, path), path);
    writeFileSync(join(folder, 'worker/src/main.ts'), 'go');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const tag = () => hashOfContext(pathToFileURL(`${folder}/`));

  it('is the same wherever the same files lie', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'image-'));
    cpSync(folder, elsewhere, { recursive: true });
    expect(hashOfContext(pathToFileURL(`${elsewhere}/`))).toBe(tag());
    rmSync(elsewhere, { recursive: true });
  });

  it('is another when a file has other bytes, another mode or another name, or is new', () => {
    const tags = new Set([tag()]);
    writeFileSync(join(folder, 'worker/src/main.ts'), 'run');
    tags.add(tag());
    chmodSync(join(folder, 'worker/src/main.ts'), 0o755);
    tags.add(tag());
    cpSync(join(folder, 'worker/src/main.ts'), join(folder, 'worker/src/other.ts'));
    tags.add(tag());
    expect(tags.size).toBe(4);
  });

  it('does not look at what Docker is not sent', () => {
    const before = tag();
    mkdirSync(join(folder, 'worker/node_modules'));
    writeFileSync(join(folder, 'worker/node_modules/x.js'), 'x');
    writeFileSync(join(folder, 'README.md'), 'x');
    expect(tag()).toBe(before);
  });
});

it('sends Docker just the files that the tag follows from', () => {
  const lines = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');
  expect(lines.filter((line) => line && !line.startsWith('#'))).toEqual([
    '*',
    ...contextPaths.map((path) => `!${path}`),
    `**/${leftOut}`,
  ]);
});
