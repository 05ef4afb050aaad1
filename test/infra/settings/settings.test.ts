import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { settingChanges } from '../../../tools/life-cycle/matrix.ts';
import { readFarmSettings as read } from '../../helpers/program/farm.ts';
import { natureOf, promiseOf } from '../../helpers/program/pulumi.ts';
import { allCredentials } from '../../helpers/program/stacks.ts';

describe('settings', () => {
  it('are a small farm when nothing is set', async () => {
    expect(await read()).toMatchObject({
      storage: {
        source: { backend: 's3', bucket: undefined },
        output: { backend: 's3', bucket: undefined },
        keepBuckets: true,
        sourceEvents: true,
        delivery: { kind: 'none' },
      },
      compute: { kind: 'fargate', spot: true, onDemandBase: 0, task: { cpuUnits: 4096, memoryMib: 8192 } },
      scaling: { minTasks: 0, maxTasks: 3, backlogPerTask: 1, idleMinutes: 5 },
      network: { existing: undefined, assignPublicIp: true },
      jobs: { visibilityTimeoutSeconds: 120, retentionDays: 4, maxAttempts: 3 },
      worker: { LADDER: 'standard', SEGMENT_SECONDS: '6', THUMBNAIL_AT: '10%', KEEP_SOURCE: 'true' },
      workerImage: undefined,
      monitoring: {
        alertEmail: undefined,
        budget: undefined,
        logRetentionDays: 30,
        containerInsights: false,
      },
      tags: {},
    });
  });

  it('take expectedViews beside each other setting', async () => {
    for (const [key, { to, on, with: together }] of Object.entries(settingChanges)) {
      const views = { ...on, ...together, [key]: to, expectedViews: '1000' };
      await expect(read(views), key).resolves.toHaveProperty('worker');
    }
  });

  it('give workers the presets that pay where the views of films are stated, and only there', async () => {
    const { worker } = await read({ expectedViews: '1000', x264Preset: 'fast' });
    expect(worker).toMatchObject({
      EXPECTED_VIEWS: '1000',
      VIEW_PRESETS: expect.stringMatching(/"preset":"slow"/),
    });
    expect(worker.X264_PRESET).toBeUndefined();
    expect((await read()).worker.VIEW_PRESETS).toBeUndefined();
    const gpu = await read({ expectedViews: '1000', compute: 'gpu' });
    expect(gpu.worker).not.toHaveProperty('EXPECTED_VIEWS');
    expect(gpu.notes.join()).toMatch(/expectedViews/);
  });

  it('take a table of qualities that farm calibrate has written, and no other', async () => {
    const qualityTable = '{"x264":{"veryfast":{"saver":27,"standard":22,"high":19}}}';
    expect((await read({ qualityTable })).worker.QUALITY_TABLE).toBe(qualityTable);
    await expect(read({ qualityTable: qualityTable.replace('27', '17') })).rejects.toThrow(
      /qualityTable.*do not rise/s,
    );
  });

  it('give each film a CRF of its own on Fargate alone', async () => {
    expect((await read({ perFilmQuality: 'true' })).worker.PER_FILM_QUALITY).toBe('true');
    const { worker, notes } = await read({ perFilmQuality: 'true', compute: 'gpu' });
    expect(worker.PER_FILM_QUALITY).toBeUndefined();
    expect(notes.join()).toMatch(/perFilmQuality/);
  });

  it('take the source from the storage unless it is named', async () => {
    expect((await read({ ...allCredentials, storage: 'wasabi' })).storage.source.backend).toBe('wasabi');
    expect((await read({ ...allCredentials, storage: 'wasabi', source: 's3' })).storage).toMatchObject({
      source: { backend: 's3' },
      sourceEvents: true,
    });
  });

  it('know that only S3 reports uploads', async () => {
    expect((await read({ ...allCredentials, storage: 'r2' })).storage.sourceEvents).toBe(false);
  });

  it('keep secrets secret', async () => {
    const settings = await read({ ...allCredentials, storage: 'wasabi' });
    const secrets = [
      settings.reports?.databaseUrl,
      settings.reports?.webhookSecret,
      settings.storage.wasabi.accessKeyId,
      settings.storage.wasabi.secretAccessKey,
    ];
    for (const secret of secrets)
      expect(await natureOf(pulumi.output(secret))).toMatchObject({ isSecret: true });
    expect(await promiseOf(pulumi.output(settings.reports?.databaseUrl))).toBe(allCredentials.databaseUrl);
  });

  it('give a GPU task what the smallest of its instance types has', async () => {
    const { compute } = await read({ compute: 'gpu', instanceTypes: '["g6.2xlarge","g4dn.xlarge"]' });
    expect(compute).toMatchObject({ kind: 'gpu', instanceTypes: ['g6.2xlarge', 'g4dn.xlarge'] });
    expect(compute.task).toEqual({ cpuUnits: 4096, memoryMib: 14_336 });
  });

  it.each([
    { onDemandBase: '2', spot: 'true' },
    { onDemandBase: '0', spot: 'false' },
  ])('take stopped instances that are On-Demand: %j', async (changes) => {
    const { compute } = await read({ compute: 'gpu', warmInstances: '2', ...changes });
    expect(compute.warmInstances).toBe(2);
  });

  it('take a ladder that is spelled out', async () => {
    const ladder = '[{"rung":"1080p","bitrate":4000000},{"rung":"360p"}]';
    expect((await read({ ladder })).worker.LADDER).toBe(ladder);
  });

  it('take the preset of the encoder that the compute has, and leave it to the worker where none is set', async () => {
    expect((await read({ x264Preset: 'medium' })).worker.X264_PRESET).toBe('medium');
    expect((await read({ compute: 'gpu', nvencPreset: 'p3' })).worker.NVENC_PRESET).toBe('p3');
    expect((await read()).worker).not.toHaveProperty('X264_PRESET');
  });

  it.each([
    [{}, 2],
    [{ maxTasks: '1' }, 1],
    [{ maxTasks: '10' }, 9],
    [{ workersPerFilm: '1' }, 1],
    [{ workersPerFilm: '3' }, 3],
  ])(
    'leave a worker for other films unless the settings say how many make one: %j',
    async (changes, workers) => {
      expect((await read(changes)).workersPerFilm).toBe(workers);
    },
  );

  it.each([
    ['instanceTypes', { instanceTypes: '["g4dn.xlarge"]' }, 'compute is "fargate", which has no instances'],
    ['warmInstances', { warmInstances: '1' }, 'compute is "fargate", which has no instances'],
    ['nvencPreset', { nvencPreset: 'p3' }, 'compute is "fargate", which has another encoder'],
    ['x264Preset', { compute: 'gpu', x264Preset: 'slow' }, 'compute is "gpu", which has another encoder'],
  ])(
    'leave out %s of the other compute with a note, so that one line switches it',
    async (key, changes, why) => {
      const { notes, worker, compute } = await read(changes);
      expect(notes).toEqual([`${key} is set but not used: ${why}.`]);
      expect(worker).not.toHaveProperty('NVENC_PRESET');
      expect(worker).not.toHaveProperty('X264_PRESET');
      expect(compute.warmInstances).toBe(0);
    },
  );

  it('read tags as names and values', async () => {
    expect((await read({ tags: '["team=video","note=a=b"]' })).tags).toEqual({ team: 'video', note: 'a=b' });
  });
});
