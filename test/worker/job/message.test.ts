import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReadMessage, readMessage, UnreadableMessageError } from '../../../worker/src/job/message.ts';
import { jobIdSchema } from '../../../worker/src/protocol/job.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { s3Event, s3Record, snsEnvelope } from '../../helpers/worker/messages.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/messages/${name}.json`, import.meta.url), 'utf8');

function read(body: string, environment: Partial<WorkerEnvironment> = {}, requestId?: string): ReadMessage {
  const named = requestId === undefined ? {} : { requestId };
  return readMessage(body, testSettings(environment), { ...named, messageId: 'message-1' });
}

function jobOf(read: ReadMessage) {
  if (read.kind !== 'job') throw new Error(`It is no job but ${JSON.stringify(read)}`);
  return read.job;
}

function refusalOf(body: string, environment: Partial<WorkerEnvironment> = {}): UnreadableMessageError {
  try {
    read(body, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableMessageError);
    return error as UnreadableMessageError;
  }
  throw new Error('The message was accepted.');
}

describe('a job', () => {
  it('comes out as it was sent, with the message as its request', () => {
    const job = jobOf(
      read(fixture('job'), {
        ALLOW_JOB_WEBHOOKS: 'true',
        REPORTS_QUEUE_URL: 'https://sqs.example/reports',
        PRESETS: '{"social":{}}',
      }),
    );
    const { options, ...sent } = JSON.parse(fixture('job'));
    const { preset, ...own } = options;
    expect(preset).toBe('social');
    expect(job).toEqual({ ...sent, options: own, requestId: 'message-1' });
  });

  it("goes on with its preset's options, which a change of the preset does not reach", () => {
    const body = JSON.stringify({ id: 'a', source: 'a.mp4', options: { preset: 'social', thumbnailAt: 3 } });
    const PRESETS = '{"social":{"ladder":"mobile","thumbnailAt":"25%"}}';
    expect(jobOf(read(body, { PRESETS })).options).toEqual({ ladder: 'mobile', thumbnailAt: 3 });
  });

  it('is refused where it asks for encryption, itself or by its preset, and the farm has no keys', () => {
    const body = (options: object) => JSON.stringify({ id: 'a', source: 'a.mp4', options });
    const PRESETS = '{"paid":{"encryption":"aes-128"}}';
    for (const options of [{ encryption: 'aes-128' }, { preset: 'paid' }])
      expect(refusalOf(body(options), { PRESETS }).message).toMatch(
        /encryption is "aes-128", and this farm has no keys/,
      );
    const keys = {
      ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
      ENCRYPTION_SECRET: Buffer.alloc(32).toString('base64'),
    };
    expect(jobOf(read(body({ preset: 'paid' }), { PRESETS, ...keys })).options).toEqual({
      encryption: 'aes-128',
    });
  });

  it('is refused with the names that there are where its preset is unknown', () => {
    const body = JSON.stringify({ id: 'a', source: 'a.mp4', options: { preset: 'sozial' } });
    const refusal = refusalOf(body, { PRESETS: '{"social":{},"archive":{}}' });
    expect(refusal.message).toBe(
      'The job\'s field options.preset is "sozial", which names no preset of this farm: expected archive, social.',
    );
    expect(refusal.job).toEqual({ id: 'a', source: 'a.mp4' });
    expect(refusalOf(body).message).toContain('this farm has no presets');
  });

  it('inside an SNS envelope is the same job', () => {
    const body = JSON.stringify({ id: 'a', source: 'a.mp4' });
    expect(read(snsEnvelope(body))).toEqual(read(body));
  });

  it('that is a retry keeps the request it had', () => {
    expect(jobOf(read('{"id":"a","source":"a.mp4"}', {}, 'request-7')).requestId).toBe('request-7');
  });

  it.each(['s3://other-bucket/a b+c%.mp4', 'plain/key.mp4', ' leading space', '-i.mp4', 'http:no-slashes'])(
    'may have the source %j',
    (source) => {
      expect(jobOf(read(JSON.stringify({ id: 'a', source }))).source).toBe(source);
    },
  );

  it('may have an http(s) source where the farm allows it', () => {
    const body = JSON.stringify({ id: 'a', source: 'https://example.com/a.mp4' });
    expect(jobOf(read(body, { ALLOW_HTTP_SOURCES: 'true' })).source).toBe('https://example.com/a.mp4');
    expect(refusalOf(body).message).toMatch(
      /field source is "https:\/\/example.com\/a.mp4".*ALLOW_HTTP_SOURCES/,
    );
  });

  it('may have music from an http(s) URL where the farm allows that of films', () => {
    const music = { source: 'https://example.com/a.mp3?token=s3cret' };
    const body = JSON.stringify({ id: 'a', source: 'a.mp4', options: { music } });
    expect(jobOf(read(body, { ALLOW_HTTP_SOURCES: 'true' })).options?.music).toEqual(music);
    expect(refusalOf(body).message).toMatch(
      /field options.music.source is "https:\/\/example.com\/a.mp3".*ALLOW_HTTP_SOURCES/,
    );
  });

  it('is never quoted with what may be secret in its URL', () => {
    const secret = 'https://user:pass@example.com/a.mp4?token=s3cret#part';
    const { message } = refusalOf(JSON.stringify({ id: 'a', source: secret }));
    expect(message).toContain('"https://example.com/a.mp4"');
    expect(message).not.toMatch(/user|pass@|s3cret/);
  });

  it('may name a webhook only where the farm allows it', () => {
    expect(refusalOf(fixture('job')).message).toMatch(/options\.webhook.*ALLOW_JOB_WEBHOOKS/);
  });
});

describe('a message that is refused names what is wrong:', () => {
  const job = { id: 'a', source: 'a.mp4' };
  it.each<[string, unknown, RegExp]>([
    ['an unknown field', { ...job, colour: 'blue', size: 1 }, /unknown field colour; unknown field size/],
    ['an unknown option', { ...job, options: { crf: 20 } }, /unknown field options\.crf/],
    ['a missing id', { source: 'a.mp4' }, /id: /],
    ['a missing source', { id: 'a' }, /source: /],
    ['an id that is no folder name', { ...job, id: '../a' }, /id: expected 1 to 128 letters/],
    [
      'an option of another type',
      { ...job, options: { force: 'yes' } },
      /options\.force: expected true or false/,
    ],
    ['a ladder that there is not', { ...job, options: { ladder: 'huge' } }, /options\.ladder: /],
    [
      'an s3 source without a key',
      { ...job, source: 's3://bucket' },
      /names no object; expected s3:\/\/bucket\/key/,
    ],
    ['records that are no list', { Records: 'none' }, /"Records" is not a list/],
    ['a record of something else', { Records: [{ eventSource: 'aws:sqs' }] }, /Records\.0\.s3: /],
    ['an envelope without a message', { Type: 'Notification' }, /field Message/],
    ['a list', [job], /not an object/],
    ['a number', 7, /not an object/],
  ])('%s', (_, content, expected) => {
    expect(refusalOf(JSON.stringify(content)).message).toMatch(expected);
  });

  it.each(['', 'hello', '{"id":', '\u0000', snsEnvelope('hello')])('%j is not JSON', (body) => {
    expect(refusalOf(body).message).toMatch(/is not JSON/);
  });

  it('and keeps the job’s id, so that its end can be reported', () => {
    expect(refusalOf('{"id":"a","source":"b.mp4","colour":1}').job).toEqual({ id: 'a', source: 'b.mp4' });
    expect(refusalOf('{"id":"../a","source":"b.mp4"}').job).toBeUndefined();
  });

  it('whatever comes in: a message is read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
        try {
          read(body);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableMessageError);
        }
      }),
    );
  });
});

describe('a message with thousands of mistakes', () => {
  const clips = (clip: object) => ({ id: 'a', sources: Array(10_000).fill(clip) });
  const long = 'x'.repeat(100_000);
  it.each<[what: string, body: object, says: RegExp]>([
    ['clips', clips({ source: 'a.mp4', from: 1 }), /sources: expected at most 50 entries/],
    ['clips that are none', clips({ from: -1 }), /sources: expected at most 50 entries/],
    [
      'unknown options',
      {
        id: 'a',
        source: 'a.mp4',
        options: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`o${n}`, n])),
      },
      /unknown field options\.o9; and 9990 more/,
    ],
    ['letters in a field', { id: 'a', source: 'a.mp4', [long]: 1 }, /unknown field xxx/],
    [
      'texts',
      { id: 'a', source: 'a.mp4', options: { overlays: Array(10_000).fill({ text: '' }) } },
      /overlays/,
    ],
  ])('is refused in a few sentences: %s', (_, body, says) => {
    const { message } = refusalOf(JSON.stringify(body));
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(4000);
  });
});

describe('a bucket event', () => {
  it('is a job with a readable id, the decoded key and the ETag', () => {
    const job = jobOf(read(fixture('s3-event')));
    expect(job).toEqual({
      id: expect.stringMatching(/^mein-film-cafe-[0-9a-f]{12}$/),
      source: 's3://films-in/inbox/Mein Film + Café.MP4',
      expectedEtag: 'd41d8cd98f00b204e9800998ecf8427e-7',
      requestId: job.id,
    });
  });

  it.each([
    ['Über den Wölken – Grüße.mp4', 'uber-den-wolken-grusse'],
    ['Smørrebrød i Ærø.mov', 'smorrebrod-i-aero'],
    ['Łódź, cœur.mkv', 'lodz-coeur'],
    ['映画.mp4', 'film'],
  ])('of %s has the id %s-…', (name, readable) => {
    const key = encodeURIComponent(name);
    expect(jobOf(read(s3Event(s3Record({ key })))).id).toMatch(new RegExp(`^${readable}-[0-9a-f]{12}$`));
  });

  it('is the same job bare, raw and in an SNS envelope, and however often it is reported', () => {
    const bare = read(fixture('s3-event'));
    const again = JSON.parse(fixture('s3-event'));
    again.Records[0].eventTime = '2027-01-01T00:00:00Z';
    again.Records[0].s3.object.sequencer = '00';
    expect(read(snsEnvelope(fixture('s3-event')))).toEqual(bare);
    expect(read(JSON.stringify(again))).toEqual(bare);
  });

  it('is another job for another bucket, key, version, or ETag where there are no versions', () => {
    const base = { key: 'a.mp4', eTag: 'e1', versionId: 'v1' };
    const inOther = s3Record(base);
    inOther.s3.bucket.name = 'films-in-2';
    const ids = [
      s3Record(base),
      s3Record({ ...base, key: 'b.mp4' }),
      s3Record({ ...base, versionId: 'v2' }),
      s3Record({ key: 'a.mp4', eTag: 'e1' }),
      s3Record({ key: 'a.mp4', eTag: 'e2' }),
      inOther,
    ].map((record) => jobOf(read(s3Event(record))).id);
    expect(new Set(ids).size).toBe(ids.length);
    const suspended = jobOf(read(s3Event(s3Record({ key: 'a.mp4', eTag: 'e1', versionId: 'null' })))).id;
    expect(suspended).toBe(ids[3]);
  });

  it('of any key comes out as that key, with an id that is a folder name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
        fc.boolean(),
        (name, plus) => {
          const key = `${name}.mp4`.toWellFormed();
          const encoded = encodeURIComponent(key).replaceAll('%20', plus ? '+' : '%20');
          const job = jobOf(read(s3Event(s3Record({ key: encoded }))));
          expect(job.source).toBe(`s3://films-in/${key}`);
          expect(jobIdSchema.safeParse(job.id).success).toBe(true);
        },
      ),
    );
  });

  it('with several uploads is cut into messages, each of which is one of them', () => {
    const keys = ['a.mp4', 'b.mp4', '%E0%A4%A'];
    const several = read(s3Event(...keys.map((key) => s3Record({ key }))));
    if (several.kind !== 'several') throw new Error('expected several');
    const [a = '', b = '', broken = ''] = several.bodies;
    expect([a, b].map((body) => jobOf(read(body)).source)).toEqual([
      's3://films-in/a.mp4',
      's3://films-in/b.mp4',
    ]);
    expect(() => read(broken)).toThrow(/s3\.object\.key is "%E0%A4%A", which is not URL-encoded text/);
  });

  describe('is ignored when it is', () => {
    const filters = { SOURCE_PREFIX: 'inbox/', SOURCE_SUFFIXES: '.mp4,.MOV', OUTPUT_PREFIX: 'films/' };
    const outputHere = { OUTPUT_BUCKET: 'films-in', OUTPUT_PREFIX: 'films/' };
    const upload = (key: string, more = {}) => s3Event(s3Record({ key }, more));
    it.each<[string, string, Partial<WorkerEnvironment>, RegExp]>([
      ['a test event', fixture('s3-test-event'), {}, /test event/],
      ['a test event in an envelope', snsEnvelope(fixture('s3-test-event')), {}, /test event/],
      ['a subscription', JSON.stringify({ Type: 'SubscriptionConfirmation' }), {}, /subscription/],
      ['empty', s3Event(), {}, /no records/],
      ['a removal', upload('inbox/a.mp4', { eventName: 'ObjectRemoved:Delete' }), filters, /not an upload/],
      ['a folder', upload('inbox/new/'), {}, /folder/],
      ['a file of subtitles', upload('inbox/a.en.SRT'), {}, /a file of subtitles/],
      ['outside the prefix', upload('outbox/a.mp4'), filters, /does not begin with "inbox\/"/],
      ['of another kind', upload('inbox/a.txt'), filters, /does not end in \.mp4, \.MOV/],
      ['output', upload('films/a/abc/1080p/00001.m4s'), outputHere, /output of the farm/],
      ['output by its decoded key', upload('films%2Fa.mp4'), outputHere, /output of the farm/],
    ])('%s', (_, body, environment, why) => {
      expect(read(body, environment)).toEqual({ kind: 'ignored', why: expect.stringMatching(why) });
    });

    it.each(['inbox/a.mp4', 'inbox/A.MP4', 'inbox/deep/a.mov'])('but not %s', (key) => {
      expect(read(upload(key), filters).kind).toBe('job');
    });

    it('output, whatever the filters: no key that the farm writes is ever a job', () => {
      fc.assert(
        fc.property(fc.string({ minLength: 1 }), (rest) => {
          const key = encodeURIComponent(`films/${rest}`.toWellFormed());
          expect(read(s3Event(s3Record({ key })), outputHere).kind).toBe('ignored');
        }),
      );
    });
  });
});
