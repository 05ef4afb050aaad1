import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wrapLine } from '../../../cli/text/wrap.ts';

it('leaves a line that fits as it is', () => {
  expect(wrapLine('ok   node   v24.21.0', 20)).toEqual(['ok   node   v24.21.0']);
});

it('breaks between words, and goes on below the text behind a label', () => {
  expect(wrapLine('time       about 8.0 s on g4dn.xlarge (T4)', 30)).toEqual([
    'time       about 8.0 s on',
    '           g4dn.xlarge (T4)',
  ]);
});

it('gives a label that takes more than half of the line a line for itself', () => {
  expect(wrapLine('  --segment-seconds <seconds>  length of a media segment', 40)).toEqual([
    '  --segment-seconds <seconds>',
    '      length of a media segment',
  ]);
});

it('keeps an address whole, so that it can be copied', () => {
  const line = 'Page    http://127.0.0.1:46815/sign-in/9bx3ktmrjsgk9kg6';
  expect(wrapLine(line, 40)).toEqual([line]);
});

it.each([
  '                             fix: aws kms create-grant --key-id KEY --operations Encrypt Decrypt',
  '  farm status night-mp4-e01e5bb85d59 --stack production-in-europe',
  '{"type":"job.succeeded","data":{"title":"A test of the webhook"}}',
])('leaves what is copied in one line: %s', (line) => {
  expect(wrapLine(line, 40)).toEqual([line]);
});

it('puts what is said of a command below it', () => {
  const [dim, plain] = ['\u001b[90m', '\u001b[39m'];
  expect(wrapLine(`  npm run cost -- Pulumi.films.yaml    ${dim}what it costs${plain}`, 40)).toEqual([
    '  npm run cost -- Pulumi.films.yaml',
    `      ${dim}what it costs${plain}`,
  ]);
});

it('breaks a sentence about a program', () => {
  expect(
    wrapLine('farm      "farm demo --keep" on this machine, as nothing else is selected', 40),
  ).toHaveLength(3);
});

it('counts no columns for colours', () => {
  const [dim, plain] = ['\u001b[90m', '\u001b[39m'];
  expect(wrapLine(`${dim}cost      ${plain} about $0.0012 on demand`, 24)).toEqual([
    `${dim}cost      ${plain} about $0.0012`,
    '           on demand',
  ]);
});

it('loses no word, and fits whatever the line is', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 30 });
  const gap = fc.constantFrom(' ', ' ', '   ');
  const line = fc.array(fc.tuple(word, gap), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(line, fc.integer({ min: 40, max: 120 }), (words, columns) => {
      const text = words.flat().join('').trimEnd();
      const lines = wrapLine(text, columns);
      expect(lines.join(' ').trim().split(/ +/)).toEqual(text.split(/ +/));
      for (const each of lines) expect(stripVTControlCharacters(each).length).toBeLessThanOrEqual(columns);
    }),
  );
});
