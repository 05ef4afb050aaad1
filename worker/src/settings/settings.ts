import { vcpusOf } from '../plan/function-limits.ts';
import type { ExtraLane } from '../protocol/lanes.ts';
import type { BucketSettings } from '../storage/s3-client.ts';
import { encodingOf } from './encoding.ts';
import { type Environment, environmentSchema } from './environment.ts';
import { contradictions, explain } from './mistakes.ts';

/** Thrown with every mistake at once, by name. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export type Settings = ReturnType<typeof readSettings>;

/**
 * Reads the environment once.
 * @throws SettingsError that lists every variable that is missing or wrong; values of secrets are never repeated
 */
export function readSettings(variables: Readonly<Record<string, string | undefined>>) {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(present);
  const mistakes = [
    ...(parsed.error?.issues ?? []).map((issue) => explain(issue, present)),
    ...contradictions(present),
  ];
  if (!parsed.success || mistakes.length > 0) {
    throw new SettingsError(
      `The worker's settings are invalid (environment variables):\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  const env = parsed.data;
  return {
    region: env.AWS_REGION,
    queue: {
      url: env.QUEUE_URL,
      deadLetterUrl: env.DEAD_LETTER_QUEUE_URL,
      endpoint: env.SQS_ENDPOINT,
      visibilityTimeoutSeconds: env.VISIBILITY_TIMEOUT_SECONDS,
      maxAttempts: env.MAX_ATTEMPTS,
      retryDelaySeconds: env.RETRY_DELAY_SECONDS,
      jobsAtOnce: env.JOBS_AT_ONCE,
    },
    lanes: lanes(env),
    function:
      env.AWS_LAMBDA_FUNCTION_NAME === undefined
        ? undefined
        : { name: env.AWS_LAMBDA_FUNCTION_NAME, endpoint: env.LAMBDA_ENDPOINT },
    functionLimits:
      env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE === undefined
        ? undefined
        : { vcpus: vcpusOf(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) },
    sharing: {
      partsQueueUrl: env.PARTS_QUEUE_URL,
      workersPerFilm: env.WORKERS_PER_FILM,
      functionsPerFilm: env.FUNCTIONS_PER_FILM,
      leaseSeconds: env.LEASE_SECONDS ?? Math.max(2, env.VISIBILITY_TIMEOUT_SECONDS / 2),
    },
    door: door(env),
    source: {
      ...bucket(env, 'SOURCE'),
      requesterPays: env.SOURCE_REQUESTER_PAYS,
      prefix: env.SOURCE_PREFIX,
      suffixes: env.SOURCE_SUFFIXES,
    },
    output: {
      ...bucket(env, 'OUTPUT'),
      conditionalWrites: env.OUTPUT_CONDITIONAL_WRITES,
      prefix: env.OUTPUT_PREFIX,
      publicUrl: env.OUTPUT_PUBLIC_URL,
    },
    encoding: encodingOf(env),
    storage: { stallSeconds: env.STORAGE_STALL_SECONDS, patienceSeconds: env.STORAGE_PATIENCE_SECONDS },
    limits: {
      durationSeconds: env.MAX_DURATION_SECONDS,
      pixels: env.MAX_PIXELS,
      streams: env.MAX_STREAMS,
      probeSeconds: env.PROBE_TIMEOUT_SECONDS,
    },
    report: {
      queueUrl: env.REPORTS_QUEUE_URL,
      reportsProgress: env.REPORT_PROGRESS,
      publishMetadata: env.PUBLISH_METADATA,
      metricsNamespace: env.METRICS_NAMESPACE,
    },
    encryption: encryption(env),
    outputs: env.OUTPUTS,
    measure: env.MEASURE,
    minVmaf: env.MIN_VMAF,
    watermark: env.WATERMARK,
    presets: env.PRESETS,
    subtitleEncoding: env.SUBTITLE_ENCODING,
    earlyPlay: env.EARLY_PLAY,
    keepSource: env.KEEP_SOURCE,
    keepReplacedSeconds: env.KEEP_REPLACED_SECONDS,
    allowHttpSources: env.ALLOW_HTTP_SOURCES,
    allowPrivateSources: env.ALLOW_PRIVATE_SOURCES,
    allowJobWebhooks: env.ALLOW_JOB_WEBHOOKS,
    allowShortSources: env.ALLOW_SHORT_SOURCES,
    workDir: env.WORK_DIR,
    heartbeatFile: env.HEARTBEAT_FILE,
    logLevel: env.LOG_LEVEL,
    ffmpegPath: env.FFMPEG_PATH,
    ffprobePath: env.FFPROBE_PATH,
    ffmpegMeasurePath: env.FFMPEG_MEASURE_PATH,
    ecsAgentUri: env.ECS_AGENT_URI,
  };
}

/** Undefined where nothing stands before the jobs queue, or where this worker is not it. */
function door(env: Environment) {
  const { DOOR_QUEUE_URL: normal, URGENT_DOOR_QUEUE_URL: urgent, BULK_DOOR_QUEUE_URL: bulk } = env;
  if (normal === undefined) return undefined;
  return {
    queueUrls: { normal, ...(urgent && { urgent }), ...(bulk && { bulk }) },
    workersEncoder: env.WORKERS_ENCODER,
    waker: env.WAKER_FUNCTION,
    budgetSeconds: env.DOOR_BUDGET_SECONDS,
  };
}

/** Undefined where no film can be encrypted. */
function encryption(env: Environment) {
  const { ENCRYPTION: usual, ENCRYPTION_KEY_URL: keyUrl, ENCRYPTION_SECRET: secret } = env;
  return keyUrl === undefined || secret === undefined ? undefined : { usual, keyUrl, secret };
}

/** The lanes that this farm has beside `normal`. */
function lanes(
  env: Environment,
): Partial<Record<ExtraLane, { queueUrl: string; partsQueueUrl: string | undefined }>> {
  const { URGENT_QUEUE_URL: urgent, BULK_QUEUE_URL: bulk } = env;
  return {
    ...(urgent && { urgent: { queueUrl: urgent, partsQueueUrl: env.URGENT_PARTS_QUEUE_URL } }),
    ...(bulk && { bulk: { queueUrl: bulk, partsQueueUrl: env.BULK_PARTS_QUEUE_URL } }),
  };
}

function bucket(env: Environment, side: 'SOURCE' | 'OUTPUT'): BucketSettings {
  const accessKeyId = env[`${side}_ACCESS_KEY_ID`];
  const secretAccessKey = env[`${side}_SECRET_ACCESS_KEY`];
  return {
    bucket: env[`${side}_BUCKET`],
    region: env[`${side}_REGION`] ?? env.AWS_REGION,
    endpoint: env[`${side}_ENDPOINT`],
    addressing: env[`${side}_ADDRESSING`],
    checksums: env[`${side}_CHECKSUMS`],
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  };
}
