import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { allEnded, outcome } from '../helpers/local-farm/hostile-farm.ts';
import { expectClean } from '../helpers/local-farm/job-ends.ts';
import { ffmpeg } from '../helpers/media/clips.ts';

const keys = [
  'a film with spaces.mp4',
  ' begins and ends with one ',
  'plus+and+plus.mp4',
  'percent%20is not a space.mp4',
  '100%.mp4',
  '%d.mp4',
  '%05d%s%n.mp4',
  '%(title)s.mp4',
  '*?[a-z].mp4',
  'two\nlines.mp4',
  'tab\tand\rreturn.mp4',
  '-i.mp4',
  '--help',
  '-',
  '-y/-f/null.mp4',
  'concat:a.mp4|b.mp4',
  'file:/etc/passwd',
  'http://127.0.0.1/x.mp4',
  'pipe:0',
  'subfile,,start,0,end,0,,:x',
  '/begins/with/a/slash.mp4',
  'double//slash.mp4',
  'dots/.../film.mp4',
  '.hidden',
  '~/film.mp4',
  "it's.mp4",
  '"quoted".mp4',
  '`whoami`$(id);rm -rf &|<>.mp4',
  'back\\slash\\film.mp4',
  'a=b&c=d#e?f.mp4',
  'colon: [v]scale=1;[0]null,x.mp4',
  // The same word twice: one code point, and a letter with an accent behind it.
  'caf\u00e9.mp4',
  'cafe\u0301.mp4',
  '日本語の映画.mp4',
  '\u202egnp.4pm',
  'emoji 🎬👨‍👩‍👧.mp4',
  'null and \\0.mp4',
  'index.m3u8',
  'status.json',
  `${'ä'.repeat(510)}.mp4`,
];

/** SQS takes any character of XML 1.0; fauxqs none beyond the first plane. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

let faults: FaultFarm;
let clip: Buffer;

beforeAll(async () => {
  faults = await startFaultFarm({ SOURCE_PREFIX: '' });
  const path = join(faults.folder, 'small.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=96x72:rate=10:duration=1'];
  await ffmpeg(...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', path);
  clip = await readFile(path);
});
afterAll(() => faults[Symbol.asyncDispose]());

describe('keys of any kind', () => {
  it('come out right of a bucket event, and of a job that names them', async () => {
    const { farm } = faults;
    for (const key of keys) await farm.put(key, clip);
    for (const [index, key] of keys.entries()) {
      const body = { id: `named-${index}`, source: `s3://${farm.sourceBucket}/${key}` };
      await farm.sqs.send(new SendMessageCommand({ QueueUrl: farm.queueUrl, MessageBody: asciiJson(body) }));
    }
    faults.startWorker();
    faults.startWorker();
    await allEnded(faults, 2 * keys.length, 450);
    const ids = await farm.jobIds();
    expect(ids.length).toBe(2 * keys.length);
    const states = await Promise.all(
      ids.map(async (id) => JSON.parse((await farm.read(`${id}/status.json`)) ?? '{}') as JobState),
    );
    for (const key of keys) {
      const own = states.filter(({ source }) => source === `s3://${farm.sourceBucket}/${key}`);
      expect(own.map(outcome), JSON.stringify(key)).toEqual(['succeeded', 'succeeded']);
    }
    // Every name in the output is plain, so that any player, disk and URL can have it.
    for (const id of ids) {
      for (const name of await farm.keys(`${id}/`)) expect(name).toMatch(/^[\w.~-]+(\/[\w.-]+)*$/);
    }
    await expectClean(faults);
  }, 470_000);
});
