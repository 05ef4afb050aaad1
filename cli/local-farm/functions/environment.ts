import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type FarmProcess, startProcess } from '../process.ts';
import { type CallResult, RuntimeHost } from './runtime-host.ts';

const entry = new URL('../../../worker/src/function.ts', import.meta.url);
const nodeFlags = ['--max-semi-space-size=1'];

export interface FunctionConfig {
  name: string;
  memoryMb: number;
  timeoutSeconds: number;
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * An execution environment: a process that has one call at a time, stands still between two of them, and is killed when it does
 * not answer in time.
 */
export class FunctionEnvironment {
  readonly logFile: string;
  readonly #host: RuntimeHost;
  readonly #process: FarmProcess;
  readonly #timeoutSeconds: number;
  #isGone = false;

  private constructor(host: RuntimeHost, config: FunctionConfig, logFile: string) {
    this.#host = host;
    this.#timeoutSeconds = config.timeoutSeconds;
    this.logFile = logFile;
    // As each environment has a /tmp of its own, which goes with it.
    const workDir = join(config.environment.WORK_DIR ?? tmpdir(), basename(logFile, '.log'));
    this.#process = startProcess(
      entry,
      nodeFlags,
      {
        MALLOC_ARENA_MAX: '1',
        ...config.environment,
        WORK_DIR: workDir,
        AWS_LAMBDA_RUNTIME_API: host.address,
        AWS_LAMBDA_FUNCTION_NAME: config.name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
      },
      logFile,
    );
    void this.#process.exited.then(({ code, signal }) => {
      this.#isGone = true;
      host.fail('Runtime.ExitError', `the runtime exited: ${signal ?? `exit status ${code}`}`);
      host.close();
      // An ffmpeg of it may still write until it notices. What is left goes with the farm's folder.
      rm(workDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }).catch(() => {});
    });
  }

  static async start(config: FunctionConfig, logFile: string): Promise<FunctionEnvironment> {
    const host = await RuntimeHost.start(`arn:aws:lambda:us-east-1:000000000000:function:${config.name}`);
    return new FunctionEnvironment(host, config, logFile);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get log(): string[] {
    return readFileSync(this.logFile, 'utf8').split('\n').filter(Boolean);
  }

  async invoke(event: string): Promise<CallResult> {
    this.#signal('SIGCONT');
    const result = await this.#host.invoke(event, this.#timeoutSeconds, () => this.kill());
    await this.#host.asksForNext;
    this.#signal('SIGSTOP');
    return result;
  }

  /** All that runs in it, at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  async stop(): Promise<void> {
    this.kill();
    await this.#process.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#isGone || this.pid <= 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Gone already.
    }
  }
}
