import { describe, expect, it } from 'vitest';
import { readSubtitles } from '../../../worker/src/text/read-subtitles.ts';
import { wholeVtt } from '../../../worker/src/text/write-vtt.ts';
import { vttProblems } from '../../helpers/media/vtt-validator.ts';

const read = (text: string | Buffer, known = {}) => readSubtitles(Buffer.from(text), known).cues;
const one = (body: string) => read(`1\n00:00:01,000 --> 00:00:02,000\n${body}\n`)[0]?.text;

describe('SubRip', () => {
  it('is read without numbers, with points for commas, with empty lines in its cues and none between them', () => {
    const text = '0:00:01.5 --> 0:00:02,75\nFirst\n\nmore\n2\n00:00:03,000 --> 00:00:04,000\nSecond\n';
    expect(read(text)).toEqual([
      { startMs: 1500, endMs: 2750, text: 'First\nmore' },
      { startMs: 3000, endMs: 4000, text: 'Second' },
    ]);
  });

  it('keeps what an override says of the place', () => {
    expect(read('00:00:01,000 --> 00:00:02,000\n{\\an8}Up\n')[0]).toMatchObject({
      text: 'Up',
      settings: 'line:5%',
    });
  });

  it('is refused where it holds no times', () => {
    expect(() => read('Once upon a time')).toThrow('it holds no times such as 00:01:02,500 --> 00:01:04,000');
  });
});

describe('markup', () => {
  it.each([
    ['<i>a<b>b</i>c</b>', '<i>a<b>b</b></i>c'],
    ['<script>alert(1)</script>', 'alert(1)'],
    ['<img src=x onerror=alert(1)>a', 'a'],
    ['<font color="red">a</font> & b -->', 'a &amp; b --&gt;'],
    ['I <3 you, 1 < 2', 'I &lt;3 you, 1 &lt; 2'],
    ['&lt;b&gt; &amp; &#x41; &bogus;', '&lt;b&gt; &amp; A &amp;bogus;'],
    ['a\0b\u0007c', 'abc'],
    ['<v Mary "M">Hi', '<v Mary "M">Hi</v>'],
    ['<00:01.000>karaoke', 'karaoke'],
  ])('%j becomes %j', (from, to) => {
    expect(one(from)).toBe(to);
  });

  it('is cut where a cue is longer than any that can be read', () => {
    expect(one('x'.repeat(50_000))?.length).toBe(2001);
    expect(one(`${'<b>'.repeat(50_000)}x`)).toBe(`${'<b>'.repeat(10)}x${'</b>'.repeat(10)}`);
    expect(() => one('<b>'.repeat(50_000))).toThrow('no cue of it can be shown');
  });
});

describe('ASS and SSA', () => {
  const head = (styles: string) =>
    `[Script Info]\nPlayResX: 640\nPlayResY: 360\n[V4+ Styles]\nFormat: Name, Bold, Italic, Underline, Alignment\n${styles}\n[Events]\nFormat: Layer, Start, End, Style, Text\n`;

  it('keep bold and italic of style and overrides, line breaks and places, and drop drawings', () => {
    const text = `${head('Style: Default,0,-1,0,2\nStyle: Top,-1,0,0,8')}Dialogue: 0,0:00:01.00,0:00:02.50,Default,{\\i0}Plain, {\\b1}bold{\\r} a\\Nb <x>
Dialogue: 0,0:00:03.00,0:00:04.00,Top,{\\pos(320,36)}Hi{\\p1}m 0 0 l 1 1{\\p0}
Dialogue: 0,0:00:05.00,0:00:06.00,Top,up`;
    expect(read(text)).toEqual([
      { startMs: 1000, endMs: 2500, text: 'Plain, <b>bold</b><i> a\nb &lt;x&gt;</i>' },
      {
        startMs: 3000,
        endMs: 4000,
        text: '<b>Hi</b>',
        settings: 'line:10%,start position:50%,center align:center',
      },
      { startMs: 5000, endMs: 6000, text: '<b>up</b>', settings: 'line:5%' },
    ]);
  });

  it('count places in their own ways', () => {
    const text =
      '[Script Info]\n[V4 Styles]\nFormat: Name, Alignment\nStyle: Top,6\n[Events]\nFormat: Marked, Start, End, Style, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,*Top,a';
    expect(read(text)[0]?.settings).toBe('line:5%');
  });
});

describe('TTML', () => {
  it('is read with styles, nested times, frames and documents that follow each other', () => {
    const document = (body: string) =>
      `<?xml version="1.0"?><!-- <p begin="1s" end="2s">no</p> --><tt xmlns="http://www.w3.org/ns/ttml" ttp:frameRate="25"><head><style xml:id="s" tts:fontStyle="italic"/></head><body><div begin="1s">${body}</div></body></tt>`;
    const text =
      document(
        '<p begin="00:00:00.500" end="00:00:02.000" style="s">A &amp; B<br/>c <span tts:fontWeight="bold">d</span></p>',
      ) + document('<p begin="00:00:03:12" dur="1500ms">e</p>');
    expect(read(text)).toEqual([
      { startMs: 1500, endMs: 3000, text: '<i>A &amp; B\nc <b>d</b></i>' },
      { startMs: 4480, endMs: 5980, text: 'e' },
    ]);
  });
});

describe('WebVTT', () => {
  it('keeps the settings that it knows, and none of regions, styles and notes', () => {
    const text =
      'WEBVTT title\n\nSTYLE\n::cue{color:red}\n\nNOTE x\n\nid\n00:01.000 --> 00:02.000 line:0 position:10%,line-left align:start region:x bogus:1\n<c.red>Red</c>\n';
    expect(read(text)).toEqual([
      { startMs: 1000, endMs: 2000, text: 'Red', settings: 'line:0 position:10%,line-left align:start' },
    ]);
  });
});

describe('encodings', () => {
  const text = 'WEBVTT\n\n00:01.000 --> 00:02.000\nGrüße – naïve\n';
  const wide = Buffer.from(text, 'utf16le');
  const windows1252 = Buffer.from(text.replace('–', '\u0096'), 'latin1');
  it.each<[what: string, bytes: Buffer, known?: { encoding?: string; language?: string }]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 with a byte order mark', Buffer.concat([Buffer.from([0xff, 0xfe]), wide])],
    ['UTF-16 without one', wide],
    ['UTF-16 with the large byte first', Buffer.from(wide).swap16()],
    ['Windows-1252', windows1252],
    ['Windows-1252 that is said to be it', windows1252, { encoding: 'windows-1252' }],
  ])('%s is read', (_, bytes, known = {}) => {
    expect(read(bytes, known)[0]?.text).toBe('Grüße – naïve');
  });

  it('of a language are tried where the file is not UTF-8', () => {
    const russian = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
    const file = Buffer.concat([Buffer.from('00:00:01,000 --> 00:00:02,000\n'), russian]);
    expect(read(file, { language: 'ru' })[0]?.text).toBe('Привет');
    expect(read(file, { encoding: 'windows-1251' })[0]?.text).toBe('Привет');
  });
});

describe('cues', () => {
  it('come in order, from the film’s zero on, and last an hour at most', () => {
    const text = `00:00:09,000 --> 03:00:00,000\nlong\n\n00:00:02,000 --> 00:00:04,000\nb\n\n00:00:01,000 --> 00:00:03,000\na\n\n-00:00:01,000 --> 00:00:00,500\nbefore\n\n00:00:05,000 --> 00:00:05,000\nnever\n`;
    expect(read(text).map(({ startMs, endMs, text: said }) => [startMs, endMs, said])).toEqual([
      [0, 500, 'before'],
      [1000, 3000, 'a'],
      [2000, 4000, 'b'],
      [9000, 3_609_000, 'long'],
    ]);
  });

  it('are cut off where there are more than a browser holds', () => {
    const many = Array.from({ length: 100_000 }, () => '00:00:01,000 --> 00:00:02,000\nx\n').join('\n');
    const { cues, problems } = readSubtitles(Buffer.from(many));
    expect(cues.length).toBe(50_000);
    expect(problems).toEqual(['have 100000 cues: those after the first 50000 were left out']);
  });

  it('are refused where a file is larger than subtitles are', () => {
    expect(() => read('x'.repeat(50_000_000))).toThrow('it has 48 MiB, and subtitles may have 10 MiB');
  });

  it('are written as WebVTT in which its validator finds nothing', () => {
    const text =
      '00:00:01,000 --> 00:00:02,000\n{\\an7}<i>a & <b>b</i> --> <script>\n\n00:00:01,500 --> 00:00:09,000\n\n';
    expect(vttProblems(wholeVtt(read(text)))).toEqual([]);
  });
});
