import { expect, it } from 'vitest';
import { createLogger } from '../../worker/src/log.ts';
import { testSettings } from '../helpers/worker/settings.ts';

const encryptionSecret = Buffer.alloc(32, 'sesame').toString('base64');
const settings = testSettings({
  OUTPUT_ACCESS_KEY_ID: 'AKIDOUTPUT',
  OUTPUT_SECRET_ACCESS_KEY: 'output/secret"+key',
  ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
  ENCRYPTION_SECRET: encryptionSecret,
});

function logged(write: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  write(createLogger(settings, { write: (line: string) => void lines.push(line) }));
  return lines;
}

it('each line is JSON with time, level and, from a job’s logger, the job', () => {
  const [line = ''] = logged((log) => log.child({ job: 'a' }).info({ parts: 3 }, 'planned'));
  expect(JSON.parse(line)).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    job: 'a',
    parts: 3,
    msg: 'planned',
  });
});

it('secrets are hidden wherever they turn up, and the line stays JSON', () => {
  const presigned =
    'https://s3.example/a.mp4?X-Amz-Credential=AKID%2F2026&X-Amz-Signature=0a1b2c&X-Amz-Expires=60';
  const lines = logged((log) => {
    log.info({ settings });
    log.error(new Error(`signed with output/secret"+key and ${encryptionSecret}`));
    log.warn({ nested: [{ key: 'output/secret"+key' }] }, `id AKIDOUTPUT at ${presigned}`);
  });
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow();
    for (const secret of ['AKIDOUTPUT', 'output/secret', encryptionSecret, '0a1b2c', 'AKID%2F']) {
      expect(line).not.toContain(secret);
    }
  }
  expect(lines[2]).toContain('X-Amz-Expires=60');
});
