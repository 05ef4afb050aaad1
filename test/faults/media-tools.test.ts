import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toolPath } from '../helpers/ffmpeg/tool-path.ts';
import { type FaultFarm, script, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { processesIn } from '../helpers/local-farm/processes.ts';
import { logged, logLines } from '../helpers/local-farm/worker-log.ts';
import { until } from '../helpers/until.ts';
import { type Breakage, brokenFfmpeg } from './broken-ffmpeg.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm({ STALL_SECONDS: '2', MAX_ATTEMPTS: '2' });
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const startWith = async (way: Breakage, times?: number) =>
  faults.startWorker({ FFMPEG_PATH: await brokenFfmpeg(faults.folder, way, times) });

/** The first media tool that runs in the farm's work folder. */
async function runningTool(): Promise<number> {
  let found: number | undefined;
  await until(async () => {
    [found] = await processesIn(faults.farm.env.WORK_DIR ?? '');
    return found !== undefined;
  }, 'ffmpeg to run');
  return found ?? -1;
}

describe('ffmpeg that is lost', () => {
  it('killed once: the job is tried again, by the same worker', async () => {
    const id = await faults.send();
    const worker = await startWith('slow', 2);
    process.kill(-(await runningTool()), 'SIGKILL');
    expect((await expectFilm(faults, id)).attempt).toBe(2);
    expect(logged(worker.log, 'job failed; it will be tried again')).toMatchObject({ attempt: 1 });
  });

  it('stopped: it is killed when it made no progress, and the job is tried again', async () => {
    const id = await faults.send();
    await startWith('slow', 2);
    process.kill(-(await runningTool()), 'SIGSTOP');
    expect((await expectFilm(faults, id)).attempt).toBe(2);
  });

  it.each(['segfault', 'hang'] as const)('%s every time: failed after the last attempt', async (way) => {
    const id = await faults.send();
    const worker = await startWith(way);
    const state = await expectRefused(faults, id, 'trouble');
    expect(state.attempt).toBe(2);
    expect(state.error?.message).toMatch(way === 'hang' ? /no progress for 2 s/ : /SIGSEGV|exit code/);
    // The worker lives, and does the next job.
    expect(logLines(worker.log).some(({ msg }) => msg === 'worker stopped')).toBe(false);
  });
});

describe('ffmpeg that says all is well and is wrong', () => {
  it.each(['empty', 'silent', 'cut', 'hollow', 'full'] as const)(
    '%s: nothing of it becomes a film',
    async (way) => {
      const id = await faults.send();
      await startWith(way);
      await expectRefused(faults, id, /^(trouble|no-frames|short-source)$/);
    },
  );

  it('ends in the middle of its part', async () => {
    const id = await faults.send();
    await startWith('short');
    await expectRefused(faults, id, 'short-source');
  });

  it('a full disk that has room again costs one attempt', async () => {
    const id = await faults.send();
    await startWith('full', 1);
    expect((await expectFilm(faults, id)).attempt).toBe(2);
  });
});

describe('a worker that is sick', () => {
  it('ends without a word against its job, which another worker makes at its first attempt', async () => {
    const real = toolPath('ffmpeg');
    // Encodes test pictures until a film has failed, as a GPU that falls off the bus does.
    const broken = `${faults.folder}/gpu-fell-off`;
    const FFMPEG_PATH = await script(faults.folder, 'ffmpeg-sick', [
      `case "$*" in -version) exec ${real} -version;; *"-f lavfi"*) [ -e ${broken} ] || exec ${real} "$@";; *libx264*) touch ${broken};; *) exec ${real} "$@";; esac`,
      'echo "[cuda @ 0x55d0] CUDA_ERROR_UNKNOWN: unknown error" >&2',
      'exit 1',
    ]);
    const id = await faults.send();
    const worker = faults.startWorker({ FFMPEG_PATH, METRICS_NAMESPACE: 'farm/test' });
    expect(await worker.exited).toEqual({ code: 71, signal: null });
    expect(logged(worker.log, 'this worker is sick (encoder): it takes no more jobs and ends')).toMatchObject(
      {
        of: 'encoder',
        reason: 'x264 does not encode a test picture: CUDA_ERROR_UNKNOWN: unknown error',
      },
    );
    expect(worker.log.some((line) => line.includes('"SickWorkers":1'))).toBe(true);
    faults.startWorker();
    expect((await expectFilm(faults, id)).attempt).toBe(1);
  });
});

describe('an ffmpeg that is too old', () => {
  it('makes the worker say what it needs and exit without taking a job', async () => {
    const FFMPEG_PATH = await script(faults.folder, 'ffmpeg-4.4', ['echo "ffmpeg version 4.4.2 Copyright"']);
    const worker = faults.startWorker({ FFMPEG_PATH });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.log.join('\n')).toContain('is too old: the farm needs 5.1 to 9.0');
  });
});

describe('a GPU that is not there', () => {
  it('at the start: the worker says so and takes no job, which another one does', async () => {
    const id = await faults.send();
    const worker = faults.startWorker({ ENCODER: 'nvenc' });
    expect(await worker.exited).toEqual({ code: 69, signal: null });
    expect(worker.log.join('\n')).toContain('no jobs are taken');
    faults.startWorker();
    expect((await expectFilm(faults, id)).attempt).toBe(1);
  });

  it('in the middle of a job: the reason is reported, and the job goes to another worker', async () => {
    const real = toolPath('ffmpeg');
    const FFMPEG_PATH = await script(faults.folder, 'ffmpeg-gpu', [
      `case "$*" in -version) exec ${real} -version;; *"-f lavfi"*) exit 0;; *h264_nvenc*) ;; *) exec ${real} "$@";; esac`,
      'echo "[h264_nvenc @ 0x55d0] OpenEncodeSessionEx failed: out of memory (10): (no details)" >&2',
      'exit 1',
    ]);
    const id = await faults.send();
    const worker = faults.startWorker({ ENCODER: 'nvenc', FFMPEG_PATH, RETRY_DELAY_SECONDS: '3' });
    const retrying = await faults.farm.waitFor(id, 'retrying', 20);
    expect(retrying.error?.message).toContain('OpenEncodeSessionEx failed: out of memory');
    await worker.stop();
    faults.startWorker();
    expect((await expectFilm(faults, id)).attempt).toBe(2);
  });

  it('auto: the worker takes x264, and says so', async () => {
    const id = await faults.send();
    const worker = faults.startWorker({ ENCODER: 'auto' });
    const state = await expectFilm(faults, id);
    expect(state.film?.encoder).toBe('x264');
    expect(logged(worker.log, 'worker started')).toMatchObject({ encoder: { name: 'x264' } });
  });
});
