import { describe, expect, it } from 'vitest';
import { EncoderUnavailableError } from '../../../worker/src/encode/choose-encoder.ts';
import { sourceKinds } from '../../../worker/src/self-test/kinds.ts';
import { runSelfTest } from '../../../worker/src/self-test/main.ts';
import { resultRow } from '../../../worker/src/self-test/table.ts';
import { realMediaTools } from '../../helpers/media/clips.ts';

const signal = new AbortController().signal;
const environment = { PATH: process.env.PATH, ENCODER: 'x264', X264_PRESET: 'ultrafast' };
const small = { size: '96x56', rate: 25 };
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

async function test(...kinds: { name: string; args: string[] }[]) {
  const lines: string[] = [];
  const films = kinds.map((kind) => ({ ...small, ...kind }));
  const report = await runSelfTest(environment, (line) => lines.push(line), signal, films);
  return { ...report, lines };
}

describe('a self-test', () => {
  it('makes a film of each kind with all its renditions, and says where it was decoded and how fast', async () => {
    const interlaced = [
      '-vf',
      'interlace=lowpass=0',
      ...h264,
      '-flags',
      '+ilme+ildct',
      '-x264-params',
      'tff=1',
    ];
    const { ok, results, lines } = await test(
      { name: 'plain', args: h264 },
      { name: 'fields', args: interlaced },
    );
    expect(ok).toBe(true);
    expect(results).toMatchObject([
      { kind: 'plain', state: 'ok', path: 'cpu', renditions: ['240p'], frames: 100 },
      { kind: 'fields', state: 'ok', path: 'cpu', frames: 100 },
    ]);
    expect(results[0]?.speed).toBeGreaterThan(0);
    expect(lines.slice(1).map((line) => line.split(/\s+/)[0])).toEqual(['kind', 'plain', 'fields']);
  });

  it('says which kind fails and why, and goes on', async () => {
    const tiny = ['-vf', 'scale=1:1', '-c:v', 'ffv1'];
    const { ok, results } = await test({ name: 'a dot', args: tiny }, { name: 'plain', args: h264 });
    expect(ok).toBe(false);
    expect(results).toMatchObject([
      { kind: 'a dot', state: 'failed', note: 'The picture is 1x1; 2x2 is the smallest allowed.' },
      { kind: 'plain', state: 'ok' },
    ]);
  });

  it('leaves out a kind that this ffmpeg cannot make', async () => {
    const { ok, results } = await test({ name: 'another age', args: ['-c:v', 'no-such-encoder'] });
    expect(ok).toBe(true);
    expect(results).toMatchObject([{ state: 'not made', note: expect.stringMatching(/no-such-encoder/) }]);
  });

  it('is refused with the reason where NVENC is wanted and does not run', async () => {
    const wanted = runSelfTest({ ...environment, ENCODER: 'nvenc' }, () => {}, signal, []);
    // On a machine with a GPU it runs.
    await wanted.catch((error: unknown) => {
      expect(error).toBeInstanceOf(EncoderUnavailableError);
      expect((error as EncoderUnavailableError).reason).not.toBe('');
    });
  });

  it('knows kinds that ffmpeg can make', { timeout: 120_000 }, async () => {
    const tools = realMediaTools();
    for (const { args } of sourceKinds)
      await tools.ffmpeg({
        input: { lavfi: 'testsrc2=size=320x240:rate=25:duration=0.2' },
        inputArgs: [],
        outputArgs: [...args, '-f', 'matroska', '-'].slice(0, -1).concat('/dev/null'),
        stallSeconds: 60,
      });
  });
});

describe('its table', () => {
  it('has a line for each kind, with what went wrong at its end', () => {
    expect(
      resultRow({
        kind: 'AV1',
        state: 'ok',
        path: 'upload',
        frames: 100,
        speed: 12.3,
        renditions: ['240p'],
        note: 'NVDEC refuses it: no',
      }),
    ).toBe(
      'AV1                        ok        CPU decodes, GPU scales  100     12x     240p  (NVDEC refuses it: no)',
    );
    expect(resultRow({ kind: 'VP8', state: 'not made', note: 'Unknown encoder' })).toBe(
      'VP8                        not made  -                        -       -       -  (Unknown encoder)',
    );
  });
});
