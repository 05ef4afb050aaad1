import { expect, it } from 'vitest';
import { nextSteps } from '../../../cli/jobs/next-steps.ts';
import { jobFields, jobTable } from '../../../cli/jobs/table.ts';
import { jobLines } from '../../../cli/jobs/text.ts';
import { plainStyle } from '../../../cli/text/style.ts';
import { at, film, measured, queued, running, succeeded } from '../../helpers/reports/job-states.ts';

const failed = queued('bad', {
  state: 'failed',
  title: 'Night\tgame',
  error: { code: 'not-media', message: 'The file is not a film.' },
  timings: { totalSeconds: 3 },
});

it('lists jobs with state, film, age, duration, and result or reason', () => {
  const lines = jobTable([succeeded('life'), failed], plainStyle, 120, at(600));
  expect(lines[0]).toMatch(/^STATE +JOB +FILM +AGE +TIME +RESULT$/);
  expect(lines[1]).toMatch(/^succeeded +life +life\.mp4 +10 min +10 s +1080p audio-0$/);
  expect(lines[2]).toMatch(
    /^failed +bad +Night\?game +10 min +3\.0 s +\[not-media\] The file is not a film\.$/,
  );
});

it('calls a film as its uploader does, whatever its key is', () => {
  const job = { ...succeeded('life'), source: 's3://films/holiday/life.mov.film' };
  expect(jobFields(job, at(600)).split('\t')[2]).toBe('life.mov');
});

it('shows the lanes where one of the jobs is in another than the usual one', () => {
  const urgent = queued('quick', { options: { lane: 'urgent' } });
  const lines = jobTable([urgent, succeeded('life')], plainStyle, 120, at(600));
  expect(lines[0]).toMatch(/^STATE +JOB +LANE +FILM/);
  expect(lines[1]).toMatch(/^queued +quick +urgent /);
  expect(lines[2]).toMatch(/^succeeded +life +normal /);
});

it('leaves out columns in narrow terminals, and never writes a wider line', () => {
  for (const columns of [120, 80, 40]) {
    for (const line of jobTable([running('x'.repeat(120)), failed], plainStyle, columns, at(9))) {
      expect(line.length).toBeLessThanOrEqual(columns);
    }
  }
  expect(jobTable([failed], plainStyle, 40, at(9))[0]).toMatch(/^STATE +JOB$/);
});

it('separates the fields for programs by tabs, the id first', () => {
  expect(jobFields(failed, at(600)).split('\t')).toEqual([
    ...['bad', 'failed', 'Night?game', '10 min', '3.0 s'],
    '[not-media] The file is not a film.',
  ]);
});

it('says what a measured film came to', () => {
  const job = succeeded('life');
  const lines = jobLines({ ...job, film: { ...film, measured } }, plainStyle, at(600));
  expect(lines.join('\n')).toMatch(/measured +VMAF 93\.5 of 1080p, a twentieth of the frames below 88\.3/);
  expect(jobLines(job, plainStyle, at(600)).join('\n')).not.toContain('measured');
});

it('proposes the next commands for the same farm', () => {
  expect(nextSteps([failed], { stack: 'prod' })).toEqual([
    'Next:',
    '  farm logs bad --stack prod',
    '  farm redrive bad --stack prod',
  ]);
  expect(nextSteps([succeeded('life')], {})).toEqual(['Next:', '  farm open life']);
  expect(nextSteps([], {})).toEqual([]);
});
