import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { expect, it } from 'vitest';
import { readLogLines } from '../../../cli/logs/read.ts';
import { logLine } from '../../../cli/logs/text.ts';
import { startAwsAnswers } from '../../helpers/program/aws-answers.ts';

it("reads the workers' lines of one job from CloudWatch", async () => {
  const message = {
    level: 40,
    time: '2026-11-28T12:00:01.000Z',
    job: 'night',
    msg: 'the part is encoded again',
    part: 3,
  };
  await using aws = await startAwsAnswers({
    FilterLogEvents: {
      events: [{ message: JSON.stringify(message) }, { message: 'not JSON', timestamp: 0 }],
    },
  });
  const client = new CloudWatchLogsClient({ ...aws.client, maxAttempts: 1 });
  const lines = await readLogLines(client, 'worker-1', 'night', new Date(5000), new AbortController().signal);
  expect(aws.asked).toEqual([
    { logGroupName: 'worker-1', filterPattern: '{ $.job = "night" }', startTime: 5000 },
  ]);
  expect(lines.map(logLine)).toEqual([
    '2026-11-28 12:00:01  warn   the part is encoded again  part=3',
    '1970-01-01 00:00:00         not JSON',
  ]);
});

it('takes control characters out of a log line', () => {
  expect(logLine({ level: 50, msg: '\x1b[2Jfailed', err: { message: 'no file' } })).toBe(
    'error  failed  err="no file"',
  );
});
