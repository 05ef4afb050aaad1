import { expectedBy, place } from '../../worker/src/protocol/expected.ts';
import { environmentSchema, type WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import type { SettingsReader } from './reader.ts';

/** Keys that go to the worker as they are: its own schema says what is allowed. */
const workerKeys = {
  maxAttempts: 'MAX_ATTEMPTS',
  visibilityTimeoutSeconds: 'VISIBILITY_TIMEOUT_SECONDS',
  jobsAtOnce: 'JOBS_AT_ONCE',
  outputs: 'OUTPUTS',
  subtitleEncoding: 'SUBTITLE_ENCODING',
  ladder: 'LADDER',
  include480p: 'INCLUDE_480P',
  quality: 'QUALITY',
  qualityTable: 'QUALITY_TABLE',
  perFilmQuality: 'PER_FILM_QUALITY',
  expectedViews: 'EXPECTED_VIEWS',
  measure: 'MEASURE',
  minVmaf: 'MIN_VMAF',
  segmentSeconds: 'SEGMENT_SECONDS',
  segmentFormat: 'SEGMENT_FORMAT',
  deinterlace: 'DEINTERLACE',
  loudness: 'LOUDNESS',
  earlyPlay: 'EARLY_PLAY',
  encryption: 'ENCRYPTION',
  encryptionKeyUrl: 'ENCRYPTION_KEY_URL',
  x264Preset: 'X264_PRESET',
  nvencPreset: 'NVENC_PRESET',
  thumbnailAt: 'THUMBNAIL_AT',
  watermark: 'WATERMARK',
  presets: 'PRESETS',
  keepSource: 'KEEP_SOURCE',
  sourceRequesterPays: 'SOURCE_REQUESTER_PAYS',
  keepReplacedSeconds: 'KEEP_REPLACED_SECONDS',
  maxDurationSeconds: 'MAX_DURATION_SECONDS',
  allowShortSources: 'ALLOW_SHORT_SOURCES',
  allowHttpSources: 'ALLOW_HTTP_SOURCES',
  publishMetadata: 'PUBLISH_METADATA',
  allowJobWebhooks: 'ALLOW_JOB_WEBHOOKS',
} as const satisfies Record<string, keyof WorkerEnvironment>;

type WorkerVariable = (typeof workerKeys)[keyof typeof workerKeys];

/** Texts for the container's environment; what is not set is left out. */
export type WorkerTexts = Partial<Record<WorkerVariable | 'VIEW_PRESETS', string>>;

const examples: Readonly<Partial<Record<keyof typeof workerKeys, string>>> = {
  jobsAtOnce: 'auto',
  outputs: '["hls","mp4:720p"]',
  subtitleEncoding: 'windows-1252',
  ladder: 'standard',
  loudness: '-16',
  encryptionKeyUrl: 'https://keys.example.com/{jobId}/{plan}',
  minVmaf: '85',
  qualityTable: '{"x264":{"veryfast":{"saver":26,"standard":21,"high":18}}}',
  expectedViews: '1000',
  thumbnailAt: '10%',
  watermark: '{"image":"brand/logo.png","opacity":0.7}',
  presets: '{"social":{"ladder":"mobile"}}',
};

export function readWorkerTexts(config: SettingsReader): WorkerTexts {
  const texts: WorkerTexts = {};
  for (const [key, variable] of entries(workerKeys)) {
    const value = key === 'outputs' ? config.list(key).join(',') : config.text(key);
    if (value === '') continue;
    const parsed = environmentSchema.shape[variable].safeParse(value);
    if (parsed.success) {
      texts[variable] = value;
      continue;
    }
    const why = [...new Set(parsed.error.issues.map((issue) => place(issue.path) + expectedBy(issue)))].join(
      '; ',
    );
    config.reject(key, `is ${JSON.stringify(value)}: ${why}.`, examples[key] ?? fallback(variable));
  }
  leaveOutOtherEncoder(config, texts);
  if (config.text('compute') === 'function' && config.isSet('jobsAtOnce') && texts.JOBS_AT_ONCE !== '1') {
    config.ignore('jobsAtOnce', 'compute is "function", where a call is a message');
    delete texts.JOBS_AT_ONCE;
  }
  const compute = config.text('compute');
  if (compute !== 'fargate' && texts.PER_FILM_QUALITY === 'true') {
    const why = compute === 'gpu' ? 'no CQ of NVENC is tried' : 'a call has no time for it';
    config.ignore('perFilmQuality', `compute is "${compute}": ${why}`);
    delete texts.PER_FILM_QUALITY;
  }
  return texts;
}

/** Each compute has one encoder. The preset of the other waits for a switch of the compute. */
function leaveOutOtherEncoder(config: SettingsReader, texts: WorkerTexts): void {
  const compute = config.text('compute');
  const key = compute === 'gpu' ? 'x264Preset' : 'nvencPreset';
  if (!config.isSet(key)) return;
  config.ignore(key, `compute is "${compute}", which has another encoder`);
  delete texts[workerKeys[key]];
}

/** Of the worker's texts, the numbers that the queue needs too. */
export function readJobNumbers(texts: WorkerTexts): {
  visibilityTimeoutSeconds: number;
  maxAttempts: number;
} {
  const { VISIBILITY_TIMEOUT_SECONDS, MAX_ATTEMPTS } = environmentSchema.shape;
  return {
    visibilityTimeoutSeconds: VISIBILITY_TIMEOUT_SECONDS.parse(texts.VISIBILITY_TIMEOUT_SECONDS),
    maxAttempts: MAX_ATTEMPTS.parse(texts.MAX_ATTEMPTS),
  };
}

/** What the worker takes when nothing is set, as an example of a right value. */
function fallback(variable: WorkerVariable): string {
  const parsed = environmentSchema.shape[variable].safeParse(undefined);
  return parsed.success ? String(parsed.data) : '...';
}

function entries<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
