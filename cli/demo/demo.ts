import { mkdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalPortal } from '../../portal/src/local.ts';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import { eventJobId } from '../../worker/src/protocol/source-event.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';
import { type FarmAddress, localAddressPath } from '../farm/address.ts';
import { connect } from '../farm/farm.ts';
import { followJob, isOver } from '../follow.ts';
import { type LocalFarm, startLocalFarm } from '../local-farm/farm.ts';
import { describeFilm } from '../local-farm/linked-films.ts';
import { Stopped, stopSignal } from '../stop-signal.ts';
import { printable, styleFor } from '../text/style.ts';
import { fitTo, terminalColumns } from '../text/wrap.ts';
import { filmSize } from '../upload/film-file.ts';
import { openBrowser } from './browser.ts';
import { makeClip } from './clip.ts';
import { downloadAll } from './files.ts';
import { keptSuffixes, localAddress, removeLocalAddress, saveLocalAddress } from './keep.ts';
import { startKeyServer } from './key-server.ts';
import { startDemoReporter } from './reporter.ts';
import { demoResult, noResult } from './result.ts';
import { openScreen } from './screen.ts';
import { summary } from './summary.ts';
import { endLines, filesLine, keptLine, pageLine } from './text.ts';
import type { DemoView } from './view.ts';
import {
  type DemoWorkers,
  sharingSettings,
  startFunctionWorkers,
  startWorkers,
  startWorkersBehindDoor,
} from './workers.ts';

export interface DemoOptions {
  movie?: string;
  out?: string;
  exit: boolean;
  /** Let other commands use the farm until it is ended. */
  keep: boolean;
  json: boolean;
  /** Where the job's events are posted. */
  webhook?: string | undefined;
  /** How many make the film. */
  workers: number;
  /** Processes that wait for work, or that are called as AWS Lambda calls a function. */
  compute: 'worker' | 'function';
  /** Calls that make parts beside the one that looks at the film before the workers; undefined: none looks. */
  door?: number | undefined;
  /** Priority lanes of the farm. */
  lanes: readonly ExtraLane[];
  /** What is made, see `outputsSchema`; the stream alone by default. */
  outputs?: string[] | undefined;
  /** Whether segments are encrypted. */
  encryption: boolean;
  /** Whether one of the workers is killed in the middle. */
  kill: boolean;
}

/**
 * Runs the demo to its end; sets the exit code.
 * @param json whether a program reads what comes of it, also where `read` finds mistakes
 */
export async function demo(json: boolean, read: () => DemoOptions): Promise<void> {
  const closing = new AsyncDisposableStack();
  try {
    await show(read(), closing, stopSignal());
  } catch (error) {
    if (error instanceof Stopped) {
      process.exitCode = error.signal === 'SIGINT' ? 130 : 143;
    } else if (json) {
      // A program reads standard output, whatever went wrong; a person gets the stack of what they cannot fix.
      const { message, stack } = error as Error;
      console.error(error instanceof UserError ? fitTo(process.stderr, message) : stack);
      console.log(JSON.stringify(noResult('demo', message)));
      process.exitCode = 1;
    } else {
      throw error;
    }
  } finally {
    // What can't be ended must not hide how the demo ended.
    await closing.disposeAsync().catch(() => undefined);
  }
}

async function show(options: DemoOptions, closing: AsyncDisposableStack, stop: AbortSignal): Promise<void> {
  if (options.keep && options.exit)
    throw new UserError('--keep goes on where --exit ends; give one of them.');
  if (options.webhook !== undefined && options.exit)
    throw new UserError(
      '--webhook posts for as long as the farm runs, and --exit ends it; give one of them.',
    );
  const startedAt = performance.now();
  // npm runs scripts in the project's folder and passes on where it was called.
  const here = process.env.INIT_CWD ?? process.cwd();
  const movie = options.movie === undefined ? undefined : resolve(here, options.movie);
  const out = options.out === undefined ? undefined : resolve(here, options.out);
  const movieBytes = movie === undefined ? undefined : await filmSize(movie);
  if (out !== undefined) await makeFolder(out);

  // Standard output is for the result alone where a program reads it.
  const stream = options.json ? process.stderr : process.stdout;
  const screen = openScreen(stream);
  closing.defer(() => screen.clear());
  const say = (line = '') => {
    // The block is drawn again below what is said.
    screen.clear();
    stream.write(`${fitTo(stream, line)}\n`);
  };

  const view: DemoView = {
    film: basename(movie ?? 'clip.mp4'),
    filmBytes: movieBytes,
    step: movie === undefined ? 'clip' : 'job',
    workerParts: Array.from({ length: options.workers + callsOf(options) }, () => []),
    elapsedSeconds: 0,
  };
  const draw = (change: Partial<DemoView> = {}) => {
    Object.assign(view, change, { elapsedSeconds: (performance.now() - startedAt) / 1000 });
    screen.show({ ...view });
  };
  const ticking = setInterval(draw, 500);
  closing.defer(() => clearInterval(ticking));

  const keys = options.encryption ? await startKeyServer() : undefined;
  closing.defer(() => keys?.close());
  const suffixes = keptSuffixes(movie);
  const farm = await startLocalFarm({
    lanes: options.lanes,
    // After this the message of a worker that is gone comes back; longer in the cloud.
    ...(options.kill && { visibilityTimeoutSeconds: goneSeconds }),
    door: options.door === undefined ? undefined : { functionsPerFilm: options.door },
    environment: {
      ...sharingSettings(options.workers + (options.door ?? 0)),
      // How long the others wait for it.
      ...(options.kill && { LEASE_SECONDS: String(goneSeconds) }),
      ...(options.outputs && { OUTPUTS: options.outputs.join() }),
      ...keys?.environment,
      // The portal puts its uploads where they make no second job, and has to know which names do.
      SOURCE_SUFFIXES: suffixes.join(),
    },
  });
  closing.defer(() => farm.close());
  const reporter = options.webhook === undefined ? undefined : await startDemoReporter(farm, options.webhook);
  if (reporter !== undefined) {
    closing.use(reporter);
    farm.environment.REPORTS_QUEUE_URL = farm.reportsQueueUrl;
    say(`Webhook ${options.webhook}, signed with ${reporter.secret}`);
  }
  const address = { ...localAddress(farm, suffixes, reporter?.address), encryptionKeyUrl: keys?.keyUrl };
  const workers = await startDemoWorkers(farm, options);
  closing.defer(async () => void (await workers.stop()));
  stop.throwIfAborted();

  let path = movie;
  if (path === undefined) {
    path = join(farm.dir, 'clip.mp4');
    draw();
    await makeClip(path, stop);
  }
  draw({ filmBytes: await filmSize(path) });
  // Its suffix makes it a job, whatever the film is called.
  const key = extname(path) === '' ? `${basename(path)}${suffixes[0]}` : basename(path);
  await farm.linkFilm(key, path);
  const jobId = eventJobId(farm.sourceBucket, key, (await describeFilm(path)).etag.replaceAll('"', ''));

  const page = options.exit ? undefined : await openPage(address, jobId, closing);
  if (page !== undefined) {
    say(pageLine(page, styleFor(stream)));
    say();
    openBrowser(page, stream);
  }

  draw({ step: 'job' });
  let killed: number | undefined;
  const job = await workers.untilOver(stop, async (signal) => {
    let last: JobState | undefined;
    for await (const state of followJob(farm.s3, farm.outputBucket, jobId, signal)) {
      last = state;
      draw({ job: state, workerParts: workers.partsOf(jobId) });
      const isMade = !isOver(state) && (state.progress?.percent ?? 0) >= killPercent;
      if (!options.kill || killed !== undefined || !isMade) continue;
      killed = workers.killOne?.(jobId);
      if (killed !== undefined)
        say(`Killed  worker ${killed + 1}, in the middle of the film. The others make the rest.`);
    }
    return last;
  });
  const workerParts = workers.partsOf(job.id);
  clearInterval(ticking);
  screen.clear();

  if (job.state === 'failed') {
    process.exitCode = 2;
    const reason = printable(job.error?.message ?? 'no reason was given');
    const line = `${styleFor(process.stderr).bad('Not transcoded:')} ${reason}`;
    process.stderr.write(`${fitTo(process.stderr, line)}\n`);
    if (options.json) console.log(JSON.stringify(demoResult(job, workerParts, undefined)));
    return;
  }

  for (const line of summary(job, workerParts, styleFor(stream), terminalColumns(stream), killed)) say(line);
  if (options.kill && killed === undefined)
    say(
      'No worker was killed: one made all of the film before another had begun. Try it with a longer film.',
    );
  say();
  const kept = out && {
    ...(await downloadAll(farm.s3, farm.outputBucket, `${job.id}/`, out)),
    playlist: join(out, job.id, 'index.m3u8'),
  };
  say(filesLine(kept || undefined));
  if (options.json) console.log(JSON.stringify(demoResult(job, workerParts, out)));
  if (options.exit) return;

  say(pageLine(page ?? '', styleFor(stream)));
  if (options.keep) {
    const path = localAddressPath();
    await saveLocalAddress(path, address);
    closing.defer(() => removeLocalAddress(path));
    say(keptLine(path));
  }
  for (const line of endLines) say(line);
  // A timer keeps the process alive.
  await sleep(2 ** 31 - 1, undefined, { signal: stop }).catch(() => undefined);
  stop.throwIfAborted();
}

/** How long a worker that was killed may seem to be there. */
const goneSeconds = 10;

/** How much of a film is made when one of its workers is killed. */
const killPercent = 5;

function callsOf({ door }: Pick<DemoOptions, 'door'>): number {
  return door === undefined ? 0 : door + 1;
}

function startDemoWorkers(
  farm: LocalFarm,
  { compute, workers, door }: Pick<DemoOptions, 'compute' | 'workers' | 'door'>,
): DemoWorkers | Promise<DemoWorkers> {
  if (door !== undefined) return startWorkersBehindDoor(farm, workers, door);
  return compute === 'function' ? startFunctionWorkers(farm, workers) : startWorkers(farm, workers);
}

/** The portal of the demo's farm. @returns an address that signs in and goes to the job's film */
async function openPage(address: FarmAddress, jobId: string, closing: AsyncDisposableStack): Promise<string> {
  const connected = connect(address);
  closing.defer(() => connected.close());
  const portal = await startLocalPortal({ farm: connected });
  closing.defer(() => portal.close());
  return portal.signInUrl(`/jobs/${jobId}`);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: Error) => {
    throw new UserError(`The folder of --out can't be made: ${error.message}`);
  });
}
