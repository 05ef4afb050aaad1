import { fileArguments, inputsOf } from '../encode/file-arguments.ts';
import type { QueuedJob } from '../protocol/job.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { FilmFile } from '../publish/film-files.ts';
import type { TranscodeRun } from './film.ts';
import { putFilmFile } from './put-film-file.ts';
import { withPublished } from './read-published.ts';

/** Makes one file of published renditions on the worker's disk, and publishes it. */
export function makeFile(
  job: QueuedJob,
  file: FilmFile,
  folder: PlanFolder,
  run: Pick<TranscodeRun, 'settings' | 'stores' | 'tools' | 'signal'>,
): Promise<void> {
  const { settings, stores, tools, signal } = run;
  const { output } = stores;
  return withPublished(run, async (reader, workDir) => {
    let isMpegts = false;
    const urls: string[] = [];
    const textInputs: string[] = [];
    for (const rendition of inputsOf(file)) {
      const read = await reader.rendition(rendition);
      isMpegts ||= read.isMpegts;
      urls.push(read.url);
    }
    for (const { file: key } of file.text ?? []) {
      const { objects } = await output.listAll(key, signal);
      textInputs.push(await reader.serve(key, objects.slice(0, 1)));
    }
    const [first, ...moreInputs] = urls;
    if (first === undefined) throw new TypeError(`${file.name} is made of nothing.`);
    const { inputArgs, textInputArgs, outputArgs } = fileArguments(file, {
      segmentFormat: isMpegts ? 'mpegts' : 'fmp4',
      title: job.title,
    });
    await tools.ffmpeg({
      input: { url: first },
      moreInputs: moreInputs.map((url) => ({ url, inputArgs })),
      textInputs,
      textInputArgs,
      inputArgs,
      outputArgs,
      cwd: workDir,
      stallSeconds: settings.encoding.stallSeconds,
      isSourceStalled: () => reader.isStalled(),
      signal,
    });
    await putFilmFile(job, file, folder, workDir, run);
  });
}
