import { describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';

const folder = new JobFolder('films/', 'job').plan('aaaaaaaaaaaa');

it('a job’s files lie in its folder, below the output’s prefix', () => {
  const { job } = folder;
  expect([job.commit, job.status, job.stop]).toEqual([
    'films/job/index.m3u8',
    'films/job/status.json',
    'films/job/stop.json',
  ]);
  expect(new JobFolder('', 'a').status).toBe('a/status.json');
});

describe('a key of a plan', () => {
  it.each([
    [folder.record(3), { part: 3, kind: 'record' }],
    [folder.record(12_345), { part: 12_345, kind: 'record' }],
    [folder.earlyEnd(3), { part: 3, kind: 'early-end' }],
    [folder.partLease(3), { part: 3, kind: 'lease' }],
  ])('%s says which part it speaks of', (key, expected) => {
    expect(folder.readPartKey(key)).toEqual(expected);
  });

  it.each([
    folder.statusLease,
    folder.assemblyLease,
    folder.planFile,
    folder.file('720p/00003.m4s'),
    folder.file('parts/notes.json'),
    'films/job/bbbbbbbbbbbb/parts/0003.json',
  ])('%s speaks of no part', (key) => {
    expect(folder.readPartKey(key)).toBeUndefined();
  });
});
