import { expect, it } from 'vitest';
import { encodeCpuSeconds } from '../../../../tools/bench/quality/encode.ts';

const encode = (size: string, frames: number) =>
  encodeCpuSeconds('ffmpeg', [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=s=${size}:r=24`,
    '-frames:v',
    String(frames),
    '-f',
    'null',
    '-',
  ]);

it('counts the CPU time of each encode alone where several run at once', async () => {
  const [long, short] = await Promise.all([encode('1280x720', 240), encode('64x64', 2)]);
  expect(long).toBeGreaterThan(0);
  expect(short).toBeLessThan(long / 2);
});

it("fails with ffmpeg's errors, and with nothing else that it says", async () => {
  const failed = encodeCpuSeconds('ffmpeg', ['-i', '/nowhere/film.mp4', '-f', 'null', '-']);
  await expect(failed).rejects.toThrow(/film.mp4: No such file or directory/);
  const { stderr } = (await failed.catch((error) => error)) as { stderr: string };
  expect(stderr).not.toMatch(/\[(info|error|fatal)\]/);
});

it('says so when ffmpeg does not start', async () => {
  await expect(encodeCpuSeconds('/nowhere/ffmpeg', [])).rejects.toThrow('ENOENT');
});
