import { publishedBytes } from '../../tools/cost/plain-film.ts';
import type { Plan, VideoPlan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { printable, type Style } from '../text/style.ts';
import { textTable } from '../text/table.ts';
import { formatBitrate, formatBytes, formatSeconds, formatUsd } from '../text/units.ts';
import { type ChoicesView, choiceLines } from './choices.ts';
import type { Estimate } from './estimate.ts';
import type { Way } from './ways.ts';
import { wayLines } from './ways-table.ts';
import type { WebmEstimate } from './webm.ts';

export interface PlanView {
  /** Of each clip; one of a whole film. */
  names: readonly string[];
  media: readonly Media[];
  plan: Plan;
  machine: string;
  estimate?: Estimate | undefined;
  ways: readonly Way[];
  /** Of each WebM file. */
  webm?: readonly WebmEstimate[];
  /** Asked for with --views. */
  choices?: ChoicesView | undefined;
}

/** All that is planned, for people. */
export function planLines(
  { names, media, plan, machine, estimate, ways, webm = [], choices }: PlanView,
  style: Style,
  columns: number,
): string[] {
  return [
    ...media.map((each, n) => `${style.bold(printable(names[n] ?? ''))}  ${filmText(each)}`),
    ...(plan.clips ? [`${style.bold('joined')}  ${clipsText(plan)}`] : []),
    '',
    ...(plan.video ? [labelled('encoder', encoderText(plan.video), style)] : []),
    labelled('parts', partsText(plan), style),
    labelled(
      'segments',
      `${plan.segmentSeconds} s, ${plan.segmentFormat === 'fmp4' ? 'fMP4 (CMAF)' : 'MPEG-TS'}`,
      style,
    ),
    '',
    ...tableLines(plan, style, columns),
    '',
    labelled('published', `about ${formatBytes(publishedBytes(plan))} at these bitrates`, style),
    ...(estimate ? estimateLines(estimate, machine, style) : []),
    ...webm.flatMap((each) => webmLines(each, machine, style)),
    ...(ways.length > 0 ? ['', ...wayLines(ways, style, columns)] : []),
    ...(choices ? ['', ...choiceLines(choices, style, columns)] : []),
    ...plan.warnings.map((warning) => labelled('warning', style.bold(printable(warning)), style)),
  ];
}

function filmText({ durationSeconds, sizeBytes, video, audio, format }: Media): string {
  const videoText = video && [
    `${video.width}×${video.height}${video.rotation ? ` turned by ${video.rotation}°` : ''}`,
    `${rounded(video.frameRate.num / video.frameRate.den)} frames/s${video.interlaced ? ', interlaced' : ''}`,
    `${video.codec}${video.bitDepth > 8 ? ` ${video.bitDepth} bit` : ''}${video.hdr ? ` HDR (${video.hdr})` : ''}`,
  ];
  const audioText = audio.length === 0 ? 'no sound' : `sound ${audio.map(({ codec }) => codec).join(', ')}`;
  return [
    formatSeconds(durationSeconds),
    ...(videoText ?? ['no picture']),
    audioText,
    formatBytes(sizeBytes),
    format.split(',')[0] ?? '',
  ].join(', ');
}

function clipsText({ clips = [], durationSeconds, video }: Plan): string {
  const rate = video ? `, ${rounded(video.frameRate.num / video.frameRate.den)} frames/s` : '';
  const starts = clips.map(({ startSeconds }) => formatSeconds(startSeconds)).join(', ');
  return `${formatSeconds(durationSeconds)}${rate}; clips begin at ${starts}`;
}

const paths: Record<VideoPlan['path'], string> = {
  gpu: 'decoded, scaled and encoded on the GPU',
  upload: 'decoded and prepared on the CPU, scaled and encoded on the GPU',
  cpu: 'all on the CPU',
};

function encoderText({ encoder, path, prepare }: VideoPlan): string {
  return [
    `${encoder.name} ${encoder.preset}`,
    paths[path],
    ...(prepare.length > 0 ? [`first ${prepare.map((filter) => filter.split('=')[0]).join(', ')}`] : []),
  ].join('; ');
}

function partsText({ parts, durationSeconds }: Plan): string {
  const videos = parts.filter(({ kind }) => kind === 'video').length;
  const audios = parts.filter(({ kind }) => kind === 'audio').length;
  const ofAudio = audios === 0 ? [] : [audios === 1 ? 'one for all sound' : `${audios} for the sound`];
  if (videos === 0) return ofAudio.join('');
  const each =
    videos === 1
      ? 'one for the picture'
      : `${videos} for the picture, of about ${formatSeconds(durationSeconds / videos)}`;
  return [each, ...ofAudio].join(', ');
}

function tableLines({ video, audio }: Plan, style: Style, columns: number): string[] {
  const rows = [
    ...(video?.renditions ?? []).map((one) => [
      one.name,
      `${one.width}×${one.height}`,
      formatBitrate(one.bitrate),
      `H.264 ${one.profile} ${one.level}`,
    ]),
    ...audio.map((one) => [
      one.name,
      `${{ 1: 'mono', 2: 'stereo', 6: '5.1' }[one.channels]} ${one.sampleRate / 1000} kHz`,
      formatBitrate(one.bitrate),
      `${one.codec === 'ac3' ? 'AC-3' : 'AAC '} ${one.label}${one.default ? ', default' : ''}${one.copied ? ', copied' : ''}`,
    ]),
  ];
  return textTable(
    [
      { head: 'rendition' },
      { head: 'picture', spare: 1 },
      { head: 'at most', isRight: true },
      { head: 'codec', spare: 2 },
    ],
    rows.map((row) => row.map(printable)),
    style,
    columns,
  );
}

function estimateLines(estimate: Estimate, machine: string, style: Style): string[] {
  const { how, costs, notes } = estimate;
  return [
    labelled('time', timeText(estimate, machine), style),
    ...(costs.length > 0
      ? [labelled('cost', `about ${costText(costs)}, without start and idle time`, style)]
      : []),
    ...[how, ...notes].map((note) => labelled('', style.dim(note), style)),
  ];
}

/** Beside the stream's time and cost, as it is encoded after the commit. */
function webmLines(webm: WebmEstimate, machine: string, style: Style): string[] {
  const { rendition, costs, how } = webm;
  const paid = costs.length > 0 ? `, about ${costText(costs)}` : '';
  return [
    labelled('webm', `${rendition}: then ${timeText(webm, machine)}${paid}`, style),
    labelled('', style.dim(how), style),
  ];
}

function timeText({ seconds, workers }: Pick<Estimate, 'seconds' | 'workers'>, machine: string): string {
  const whom = workers === 1 ? `on ${machine}` : `with ${workers} workers, each on ${machine}`;
  return `about ${formatSeconds(seconds)} ${whom}`;
}

function costText(costs: Estimate['costs']): string {
  return costs
    .map(({ market, usd }) => `${formatUsd(usd)} ${market === 'spot' ? 'on Spot' : 'on demand'}`)
    .join(', ');
}

function labelled(label: string, text: string, style: Style): string {
  return `${style.dim(label.padEnd(10))} ${text}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
