import { expect, it } from 'vitest';
import { becomesJob, planUpload, type UploadFilter } from '../../../cli/submit/uploads.ts';

const mp4: UploadFilter = { prefix: '', suffix: '.mp4', anyCase: false };

it('lets the upload make the job where the bucket reports it', () => {
  expect(planUpload('a.mp4', [mp4], false)).toEqual({ key: 'a.mp4', sendJob: false });
  expect(planUpload('a.mp4', [{ ...mp4, prefix: 'in/' }], false)).toEqual({
    key: 'in/a.mp4',
    sendJob: false,
  });
});

it('sends a job where the bucket keeps silent', () => {
  expect(planUpload('a.mov', [mp4], false)).toEqual({ key: 'a.mov', sendJob: true });
  expect(planUpload('A.MP4', [mp4], false)).toEqual({ key: 'A.MP4', sendJob: true });
  expect(planUpload('A.MP4', [{ ...mp4, anyCase: true }], false)).toEqual({ key: 'A.MP4', sendJob: false });
  expect(planUpload('a.mp4', [], true)).toEqual({ key: 'a.mp4', sendJob: true });
});

it('puts a film with job options where no upload becomes a job', () => {
  const { key, sendJob } = planUpload('a.mp4', [mp4], true);
  expect(sendJob).toBe(true);
  expect(becomesJob(key, [mp4])).toBe(false);
});

it('refuses job options where every upload becomes a job', () => {
  expect(() => planUpload('a.mp4', [{ prefix: '', suffix: '', anyCase: false }], true)).toThrow('two jobs');
});
