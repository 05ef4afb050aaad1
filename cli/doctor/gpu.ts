import { EncoderUnavailableError } from '../../worker/src/encode/choose-encoder.ts';
import { runSelfTest } from '../../worker/src/self-test/main.ts';
import { UserError } from '../errors.ts';
import type { Answers } from '../farm/run.ts';

/** `farm doctor --gpu`: what the GPU of this machine makes of each kind of film, and how fast. */
export async function testGpu({ stop, say, answer }: Answers): Promise<void> {
  try {
    const report = await runSelfTest({ ...process.env, ENCODER: 'nvenc' }, say, stop);
    answer(report);
    if (!report.ok) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof EncoderUnavailableError)) throw error;
    throw new UserError(
      `NVENC does not run on this machine (${error.reason}). Call this on a machine with an NVIDIA GPU, its driver and an ffmpeg ` +
        "with NVENC, or in the worker's image: docker run --rm --gpus all -e ENCODER=nvenc IMAGE node worker/src/main.js --self-test",
    );
  }
}
