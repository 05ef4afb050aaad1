import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { rawFilms } from '../../tools/bench/quality/films.ts';
import { openMeasurer } from '../../tools/bench/quality/measure.ts';
import { readFilters } from '../../worker/src/ffmpeg/programs.ts';
import { metricOf } from '../../worker/src/plan/measure.ts';
import type { OwnQuality } from '../../worker/src/plan/own-quality.ts';
import type { VideoEncoder } from '../../worker/src/plan/plan.ts';
import { environmentSchema } from '../../worker/src/settings/environment.ts';
import { UserError } from '../errors.ts';
import { type Answers, here, runCommand } from '../farm/run.ts';
import { splitList } from '../submit/film-options.ts';
import { printable } from '../text/style.ts';
import { calibrate } from './calibrate.ts';

interface CalibrateOptions {
  json?: true;
  encoder: VideoEncoder['name'];
  presets?: string[];
  films?: string;
  ffmpeg: string;
  measureFfmpeg?: string;
  out?: string;
}

const { X264_PRESET, NVENC_PRESET } = environmentSchema.shape;
const presetsOf = { x264: X264_PRESET.unwrap(), nvenc: NVENC_PRESET.unwrap() } as const;
const usualPreset = { x264: X264_PRESET.parse(undefined), nvenc: NVENC_PRESET.parse(undefined) } as const;

/** `farm calibrate`: which CRF or CQ gives the VMAF of each quality, with the encoder of this machine. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .option('--json', 'print one JSON object, and nothing else, on standard output')
    .addOption(
      new Option('--encoder <encoder>', 'what is calibrated').choices(['x264', 'nvenc']).default('x264'),
    )
    .option(
      '--presets <list>',
      `of the encoder, such as veryfast,medium (by default ${usualPreset.x264}, or ${usualPreset.nvenc})`,
      splitList,
    )
    .option(
      '--films <folder>',
      'films of yours, of which the first 4 s are taken; by default seven films that are made',
    )
    .option('--ffmpeg <path>', 'the ffmpeg that encodes, as on your workers', 'ffmpeg')
    .option(
      '--measure-ffmpeg <path>',
      'an ffmpeg with libvmaf; by default FFMPEG_MEASURE_PATH, or the one that encodes',
    )
    .option('--out <file>', 'where the table goes, as JSON')
    .action((options: CalibrateOptions) => runCommand(options, (answers) => run(options, answers)));
}

async function run(options: CalibrateOptions, { say, answer, stop }: Answers): Promise<void> {
  const { encoder, presets = [usualPreset[encoder]], ffmpeg } = options;
  checkPresets(encoder, presets);
  const measuring = measuringFfmpeg(options);
  assertRuns('--ffmpeg', ffmpeg);
  // Frames of films are large, and of no use afterwards.
  await using folder = await mkdtempDisposable(join(tmpdir(), 'calibration-'));
  const given = options.films === undefined ? undefined : resolve(here(), options.films);
  const films = await rawFilms(measuring, join(folder.path, 'films'), given).catch(explain);
  if (films.length === 0) throw new UserError(`--films: ${options.films} has no film.`);
  const measurer = await openMeasurer(measuring, join(folder.path, 'measured'), ffmpeg);
  const sayLine = (line: string) => {
    stop.throwIfAborted();
    say(printable(line));
  };
  const { table, notes } = await calibrate(films, encoder, presets, measurer, sayLine).catch(explain);
  const today = new Date().toISOString().slice(0, 10);
  const names = films.map(({ name }) => name).join(', ');
  const measured = `${today}, ${encoder}, ${films.length} films: ${names}`.slice(0, 1000);
  const own: OwnQuality = { measured, [encoder]: table };
  for (const note of notes) sayLine(note);
  const json = JSON.stringify(own);
  if (options.out !== undefined) await writeFile(resolve(here(), options.out), `${json}\n`);
  say(`pulumi config set qualityTable '${json.replaceAll("'", "'\\''")}'`);
  answer({ qualityTable: own, notes });
}

/** What ffmpeg said. @throws UserError */
function explain(error: unknown): never {
  const { stderr = '' } = error as { stderr?: string };
  const lines = stderr.trim().split('\n').slice(0, 3);
  if (stderr.trim() === '') throw error;
  throw new UserError(`ffmpeg failed: ${printable(lines.join(' '))}`);
}

function checkPresets(encoder: VideoEncoder['name'], presets: readonly string[]): void {
  const allowed: readonly string[] = presetsOf[encoder].options;
  const wrong = presets.find((preset) => !allowed.includes(preset));
  if (wrong !== undefined)
    throw new UserError(
      `--presets: ${JSON.stringify(wrong)} is not a preset of ${encoder}. Use ${allowed.join(', ')}.`,
    );
}

/** @throws UserError that names what gave the program */
function assertRuns(by: string, program: string): void {
  const { error, status } = spawnSync(program, ['-version'], { stdio: 'ignore' });
  if (error !== undefined || status !== 0)
    throw new UserError(`${by}: ${program} does not run, or is not an ffmpeg. Use the path of one.`);
}

/** @throws UserError where it does not run, or has no libvmaf */
function measuringFfmpeg(options: CalibrateOptions): string {
  const { ffmpeg, measureFfmpeg = process.env.FFMPEG_MEASURE_PATH || ffmpeg } = options;
  const isNamed = options.measureFfmpeg !== undefined;
  const by = isNamed ? '--measure-ffmpeg' : measureFfmpeg === ffmpeg ? '--ffmpeg' : 'FFMPEG_MEASURE_PATH';
  assertRuns(by, measureFfmpeg);
  const metric = metricOf(readFilters(measureFfmpeg));
  if (metric === 'vmaf') return measureFfmpeg;
  throw new UserError(
    `${measureFfmpeg} has no libvmaf. Name an ffmpeg that has it with --measure-ffmpeg, such as the one of the Python package imageio-ffmpeg.`,
  );
}
