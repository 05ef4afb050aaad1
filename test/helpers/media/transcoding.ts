import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openMeasuring } from '../../../worker/src/film/quality/measuring.ts';
import { transcode } from '../../../worker/src/film/transcode.ts';
import { createLogger } from '../../../worker/src/log.ts';
import type { JobOptions } from '../../../worker/src/protocol/job.ts';
import type { Film, JobState, Progress } from '../../../worker/src/protocol/status.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { openStores, type Stores } from '../../../worker/src/storage/stores.ts';
import { strictRules } from '../local-farm/strict-services.ts';
import { isStrict } from '../strictness.ts';
import { startStorage } from '../worker/storage.ts';
import { realMediaTools, temporaryFolder } from './clips.ts';

/** The way of a film without the queue: from a file to what a viewer finds in storage. */
export interface Transcoding extends AsyncDisposable {
  /** For clips. */
  folder: string;
  stores: Stores;
  /** @param film a file, or clips of files that are joined */
  transcode(film: string | readonly ClipOfFile[], options?: TranscodeOptions): Promise<Published>;
}

export interface ClipOfFile {
  path: string;
  from?: number;
  to?: number;
}

export interface TranscodeOptions {
  environment?: Partial<WorkerEnvironment>;
  job?: JobOptions;
  id?: string;
}

export interface Published {
  /** The job's folder, copied from storage. */
  folder: string;
  /** Names of the files in it. */
  files: string[];
  film: Film;
  warnings: string[];
  /** Every progress that was reported, in order. */
  progress: Progress[];
  /** Every word about a file that was being made. */
  making: NonNullable<JobState['file']>[];
}

/** Segments of 2 s and parts of one segment, so that films of a few seconds have several; the fastest preset with B-frames. */
const shortParts: Partial<WorkerEnvironment> = {
  ENCODER: 'x264',
  X264_PRESET: 'superfast',
  SEGMENT_SECONDS: '2',
  PART_SECONDS: '2',
  LOG_LEVEL: 'error',
};

export async function startTranscoding(): Promise<Transcoding> {
  const storage = await startStorage(isStrict ? strictRules('test', 'test') : undefined);
  const folder = await temporaryFolder();
  storage.bucket('source');
  storage.bucket('output');
  const workDir = join(folder.path, 'work');
  await mkdir(workDir);
  const environment = environmentFor(storage.endpoint, workDir);
  const stores = openStores(readSettings(environment));
  const tools = realMediaTools();
  let jobs = 0;
  return {
    folder: folder.path,
    stores,
    async transcode(film, { environment: changes, job, id = `job-${jobs++}` } = {}) {
      const settings = readSettings({ ...environment, ...shortParts, ...changes });
      const put = async (path: string, source: string) => {
        const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };
        await stores.source.put(source, await readFile(path), headers);
        return source;
      };
      const named =
        typeof film === 'string'
          ? { source: await put(film, `${id}/film`) }
          : {
              sources: await Promise.all(
                film.map(async ({ path, ...range }) => ({
                  source: await put(path, `${id}/${basename(path)}`),
                  ...range,
                })),
              ),
            };
      const request = { id, ...named, requestId: id, ...(job ? { options: job } : {}) };
      const report = createReporter({ sinks: [] }).open(request, {
        attempt: 1,
        maxAttempts: 3,
        queuedAt: new Date(),
      });
      await report.move({ to: 'running', attempt: 1, worker: 'test' });
      const progress: Progress[] = [];
      const making: Published['making'] = [];
      const end = await transcode(request, {
        settings,
        stores,
        tools,
        encoder: { name: 'x264', preset: settings.encoding.x264Preset },
        software: 'test',
        report: {
          state: () => report.state(),
          move: (...given) => report.move(...given),
          reporting: () => report.reporting(),
          setReporting: (to) => report.setReporting(to),
          confirmEnd: (end) => report.confirmEnd(end),
          secured: (by) => report.secured(by),
          addWarnings: (warnings) => report.addWarnings(warnings),
          update(change) {
            report.update(change);
            if (change.progress) progress.push(change.progress);
            if (change.file) making.push(change.file);
          },
        },
        log: createLogger(settings),
        signal: new AbortController().signal,
        messageId: id,
        isRepeat: false,
        leaseSeconds: 60,
        readStatus: async () => undefined,
        measuring: openMeasuring(settings, tools),
      });
      if (end.kind !== 'published') throw new Error(`The film was not published: ${end.kind}.`);
      await end.cleanUp?.();
      const left = await readdir(workDir);
      if (left.length > 0) throw new Error(`The worker left ${left.join(', ')} on its disk.`);
      const to = join(folder.path, 'published', id);
      const files = await download(stores, `${id}/`, to);
      return { folder: to, files, film: end.film, warnings: report.state().warnings, progress, making };
    },
    async [Symbol.asyncDispose]() {
      stores.close();
      await folder[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

function environmentFor(endpoint: string, workDir: string): WorkerEnvironment {
  const bucket = (side: 'SOURCE' | 'OUTPUT') => ({
    [`${side}_BUCKET`]: side.toLowerCase(),
    [`${side}_ENDPOINT`]: endpoint,
    [`${side}_ADDRESSING`]: 'path',
    [`${side}_ACCESS_KEY_ID`]: 'test',
    [`${side}_SECRET_ACCESS_KEY`]: 'test',
  });
  return {
    QUEUE_URL: endpoint,
    DEAD_LETTER_QUEUE_URL: `${endpoint}/dead-letters`,
    WORK_DIR: workDir,
    ...(isStrict ? { STORAGE_STALL_SECONDS: '2' } : {}),
    ...bucket('SOURCE'),
    ...bucket('OUTPUT'),
  } as WorkerEnvironment;
}

async function download({ output }: Stores, prefix: string, to: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { key } of output.list(prefix)) {
    const name = key.slice(prefix.length);
    await mkdir(dirname(join(to, name)), { recursive: true });
    await writeFile(join(to, name), (await output.get(key)) ?? '');
    files.push(name);
  }
  return files.sort();
}
