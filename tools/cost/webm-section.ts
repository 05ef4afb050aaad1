import { instanceTypes, isInstanceType } from '../../infra/compute/instance-types.ts';
import { referenceFilm } from './film.ts';
import type { FilmCost } from './film-cost.ts';
import { table, usd } from './markdown.ts';
import type { CostReport } from './report.ts';
import { cheapestOf } from './sections.ts';
import { vp9Speed } from './speeds.ts';

const rungs = [
  { name: '1080p', width: 1920, height: 1080 },
  { name: '720p', width: 1280, height: 720 },
  { name: '360p', width: 640, height: 360 },
];

/** What a WebM file takes beside the stream, on the machine that makes the stream for the least. */
export function webmFigures(reports: readonly CostReport[]): string {
  const rows = reports.map((report) => {
    const best = cheapestOf(report.film.costs);
    return [
      `\`${report.stack}\``,
      best.machine,
      usd(best.totalUsd),
      ...rungs.map((rung) => usd(webmUsd(report, best, rung))),
    ];
  });
  const heads = ['stack', 'machine', 'the stream:', ...rungs.map(({ name }) => `webm:${name}:`)];
  return [table(heads, rows), notes].join('\n\n');
}

function webmUsd({ farm }: CostReport, best: FilmCost, rung: (typeof rungs)[number]): number {
  const { width, height, frameRate, durationSeconds } = referenceFilm;
  const work = {
    sourcePixels: width * height,
    framesPerSecond: frameRate.num / frameRate.den,
    renditions: [rung],
  };
  const { filmSecondsPerSecond } = vp9Speed(work, vcpusOf(farm.worker, best.machine));
  return (durationSeconds / filmSecondsPerSecond / 3600) * (best.workerUsd / best.hours);
}

function vcpusOf(worker: CostReport['farm']['worker'], machine: string): number {
  if (worker.kind !== 'gpu') return worker.vcpus;
  if (!isInstanceType(machine)) throw new TypeError(`The program knows no instance type "${machine}".`);
  return instanceTypes[machine].vcpus;
}

const notes = `The same film, the work alone. VP9 is encoded by the CPU, on GPU farms too, and takes four times what H.264 with \`veryfast\` takes for a
rendition of that size ([formats.md](formats.md)); with the decoding of the source, which each file does once. A film of two hours is cut into
some 240 parts, so on functions and on many workers it is there minutes after the stream. \`farm plan FILM --outputs hls,webm:720p\` has the figures of a
film of yours.`;
