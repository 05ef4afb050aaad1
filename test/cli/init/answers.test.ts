import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readPlannedStack } from '../../../cli/doctor/deployment/stack.ts';
import { givenAnswers, withDefaults } from '../../../cli/init/answers.ts';
import { askAll } from '../../../cli/init/ask.ts';
import { type InitAnswers, initQuestions } from '../../../cli/init/questions.ts';
import { stackFileOf } from '../../../cli/init/stack-file.ts';
import { styleFor } from '../../../cli/text/style.ts';

const questions = initQuestions({});
const folder = mkdtempSync(join(tmpdir(), 'farm-init-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the stack file of farm init', () => {
  const cloudflareAccount = '0123456789abcdef0123456789abcdef';
  const kinds = ['s3', 'r2', 'wasabi'].flatMap((storage) =>
    ['fargate', 'function', 'gpu'].flatMap((compute) =>
      ['none', 'function'].map((portal) => ({ storage, compute, portal })),
    ),
  );

  it.each(kinds)('is what the program takes: $storage, $compute, portal $portal', async (kind) => {
    const given: InitAnswers = kind.storage === 'r2' ? { ...kind, cloudflareAccount } : kind;
    const answers = withDefaults(questions, givenAnswers(questions, given), true);
    writeFileSync(join(folder, 'Pulumi.films.yaml'), stackFileOf(answers));
    const { settings, region, finding } = await readPlannedStack('films', folder);
    expect(region).toBe('us-east-1');
    // Secrets are all that may be missing: they are set by a command, and never written by this one.
    const rest = finding.fix?.split('\n').filter((line) => !line.includes('--secret')) ?? [];
    expect(rest).toEqual([]);
    if (finding.state === 'ok') expect(settings?.compute.kind).toBe(kind.compute);
    else expect(finding.fix).toContain('--secret');
  });

  it('has texts as values, as Pulumi writes them, and no setting that was not chosen', () => {
    const file = parse(stackFileOf(withDefaults(questions, {}, true)));
    expect(file).toEqual({
      config: {
        'aws:region': 'us-east-1',
        'transcode-farm:storage': 's3',
        'transcode-farm:compute': 'fargate',
        'transcode-farm:maxTasks': '2',
      },
    });
  });
});

describe('what is answered by flags', () => {
  it('takes the region of the environment as a default', () => {
    const here = initQuestions({ AWS_REGION: 'eu-north-1' });
    expect(withDefaults(here, {}, true).region).toBe('eu-north-1');
  });

  it.each<[InitAnswers, string]>([
    [{ storage: 'ftp' }, '--storage: "ftp" is none of s3, r2, wasabi.'],
    [{ maxWorkers: '0' }, '--max-workers: "0" is not a number of workers from 1 to 9999.'],
    [{ region: 'Frankfurt' }, '--region: "Frankfurt" is not an AWS region, such as eu-central-1.'],
    [{ storage: 'r2', cloudflareAccount: 'me' }, '--cloudflare-account: "me" is not an account id'],
    [{ wasabiRegion: 'eu-central-1' }, '--wasabi-region goes with --storage wasabi.'],
  ])('refuses %j in a sentence', (given, sentence) => {
    expect(() => givenAnswers(questions, given)).toThrow(sentence);
  });

  it('names every flag that is missing where nothing is asked', () => {
    expect(() => withDefaults(questions, { region: 'eu-west-1', storage: 's3' }, false)).toThrow(
      'Add --compute <kind>, --max-workers <n>, --portal <host>, or --yes for the defaults.',
    );
  });

  it('does not guess the account of Cloudflare', () => {
    expect(() => withDefaults(questions, { storage: 'r2' }, true)).toThrow(
      'There is no default for --cloudflare-account <id>.',
    );
  });
});

describe('what is answered at a keyboard', () => {
  /** Each answer is typed when it is asked for, some with more lines behind them. */
  async function type(given: InitAnswers, ...answersInTurn: string[]) {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const out = new PassThrough();
    const shown = text(out);
    out.on('data', (chunk) => {
      if (stripVTControlCharacters(String(chunk)).endsWith('> '))
        setImmediate(() => input.write(`${answersInTurn.shift()}\r`));
    });
    const stop = new AbortController().signal;
    const answers = await askAll(questions, given, { input, out, stop, style: styleFor(process.stderr) });
    out.end();
    return { answers, shown: await shown };
  }

  it('asks again after a wrong answer, takes Enter for the default, and asks only what applies', async () => {
    const { answers, shown } = await type({}, 'eu-west-1', 'foo', 'wasabi', '', 'gpu', '', '');
    expect(answers).toEqual({
      region: 'eu-west-1',
      storage: 'wasabi',
      wasabiRegion: 'us-east-1',
      compute: 'gpu',
      maxWorkers: '3',
      portal: 'none',
    });
    expect(shown).toContain('"foo" is none of s3, r2, wasabi.');
    expect(shown).not.toContain('Cloudflare (');
  });

  it('takes answers that are pasted at once, each for its question', async () => {
    const { answers, shown } = await type({}, 'eu-west-1\rs3\rfunction\r40\rnone');
    expect(answers).toMatchObject({
      region: 'eu-west-1',
      storage: 's3',
      compute: 'function',
      maxWorkers: '40',
    });
    expect(shown).toContain('[150] > 40\n');
  });

  it('forgets what was pasted behind a wrong answer', async () => {
    const { answers } = await type({}, 'eu-west-1\rfoo\rgpu\r7', 's3', 'fargate', '5', '');
    expect(answers).toMatchObject({ storage: 's3', compute: 'fargate', maxWorkers: '5' });
  });

  it('ends with a sentence when Ctrl-D ends the input', async () => {
    await expect(type({}, 'eu-west-1', '\x04')).rejects.toThrow(
      'The input ended before "Where films go" was answered, so nothing was written.',
    );
  });

  it('does not ask what a flag has answered', async () => {
    const { shown } = await type({ region: 'eu-west-1', storage: 's3', compute: 'fargate' }, '5', '');
    expect(shown).not.toContain('Where films go');
  });
});

describe('what is answered by a pipe', () => {
  async function pipe(input: string, given: InitAnswers = {}) {
    const out = new PassThrough();
    const shown = text(out);
    const stop = new AbortController().signal;
    const style = styleFor(process.stderr);
    const answers = await askAll(questions, given, { input: Readable.from([input]), out, stop, style });
    out.end();
    return { answers, shown: await shown };
  }

  it('takes the lines in order, an empty one for the default, and shows each behind its question', async () => {
    const { answers, shown } = await pipe('eu-west-1\nwasabi\n\ngpu\n\nfunction');
    expect(answers).toEqual({
      region: 'eu-west-1',
      storage: 'wasabi',
      wasabiRegion: 'us-east-1',
      compute: 'gpu',
      maxWorkers: '3',
      portal: 'function',
    });
    expect(shown).toContain('AWS region of queue and workers\n[us-east-1] > eu-west-1\n');
  });

  it('names the question that is left when the lines end, and the flags of all that are', async () => {
    await expect(pipe('eu-west-1\ns3\n', { maxWorkers: '4' })).rejects.toThrow(
      'The input ended before "What makes them" was answered, so nothing was written. Add lines for the rest, or --compute <kind>, --portal <host>, or --yes for the defaults.',
    );
  });

  it('ends at a wrong answer, as the lines behind it were meant for other questions', async () => {
    await expect(pipe('eu-west-1\nfoo\ngpu\n3\nnone\n')).rejects.toThrow(
      'Where films go: "foo" is none of s3, r2, wasabi. Nothing was written.',
    );
  });
});
