import type * as pulumi from '@pulumi/pulumi';
import { type ExtraLane, extraLaneNames } from '../../worker/src/protocol/lanes.ts';
import {
  type ComputeSettings,
  type DoorSettings,
  type NetworkSettings,
  readCompute,
  readDoor,
  readNetwork,
  readScaling,
  readWorkersPerFilm,
  type ScalingSettings,
} from './compute.ts';
import { readEncryption } from './encryption.ts';
import { type GithubSettings, readGithub } from './github.ts';
import { type PortalSettings, readPortal } from './portal.ts';
import { SettingsReader } from './reader.ts';
import { type ReportSettings, readReports } from './reports.ts';
import type { SettingsSource } from './sources.ts';
import { readStorage, type StorageSettings } from './storage.ts';
import { addViewPresets } from './view-presets.ts';
import { readJobNumbers, readWorkerTexts, type WorkerTexts } from './worker.ts';

/** Everything that an owner says of a farm, checked. Secrets are secret outputs. */
export interface FarmSettings {
  storage: StorageSettings;
  compute: ComputeSettings;
  /** Undefined: nothing stands before the jobs queue. */
  door?: DoorSettings;
  scaling: ScalingSettings;
  /** Most workers that make one film together: 1 to `maxTasks`. */
  workersPerFilm: number;
  network: NetworkSettings;
  jobs: { visibilityTimeoutSeconds: number; retentionDays: number; maxAttempts: number };
  /** Priority lanes beside `normal`. */
  lanes: readonly ExtraLane[];
  /** Environment variables that the worker gets as they are. */
  worker: WorkerTexts;
  /** What the keys of encrypted films come of. */
  encryptionSecret?: pulumi.Output<string>;
  /** Undefined: neither webhooks nor a database are wanted. */
  reports?: ReportSettings;
  /** Undefined: no portal is deployed. */
  portal?: PortalSettings;
  /** By digest; undefined: build it. */
  workerImage?: pulumi.Input<string>;
  monitoring: {
    alertEmail?: string;
    budget?: { monthlyUsd: number };
    logRetentionDays: number;
    containerInsights: boolean;
  };
  tags: Record<string, string>;
  /** Who deploys from GitHub; undefined: no one. */
  github?: GithubSettings;
  /** What the owner set and the farm does not use, in sentences. */
  notes: readonly string[];
}

/** What CloudWatch Logs allows. Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** @throws SettingsError that lists every mistake with what fixes it */
export function readSettings(source: SettingsSource): FarmSettings {
  const config = new SettingsReader(source);
  const storage = readStorage(config);
  const compute = readCompute(config);
  const scaling = readScaling(config, compute);
  const door = readDoor(config, compute);
  const worker = addViewPresets(config, readWorkerTexts(config), compute, storage.output.backend);
  const network = readNetwork(config);
  const settings: FarmSettings = {
    storage,
    compute,
    door,
    scaling,
    workersPerFilm: readWorkersPerFilm(config, scaling),
    network,
    jobs: { ...readJobNumbers(worker), retentionDays: config.integer('retentionDays', { min: 1, max: 14 }) },
    lanes: readLanes(config),
    worker,
    encryptionSecret: readEncryption(config),
    reports: readReports(config),
    portal: readPortal(config, network),
    workerImage: readImage(config, compute.kind === 'function' || door !== undefined),
    monitoring: readMonitoring(config),
    tags: readTags(config),
    github: readGithub(config),
    notes: config.notes,
  };
  config.check();
  return settings;
}

function readLanes(config: SettingsReader): ExtraLane[] {
  const named = config.list(
    'lanes',
    new RegExp(`^(${extraLaneNames.join('|')})$`),
    '"urgent" or "bulk"',
    'urgent',
  );
  return extraLaneNames.filter((lane) => named.includes(lane));
}

function readImage(config: SettingsReader, isFunction: boolean): pulumi.Input<string> | undefined {
  // Lambda pulls from ECR alone: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
  if (isFunction) {
    return config.input(
      'workerImage',
      /^\d{12}\.dkr\.ecr\.[\w.-]+\/[\w./-]+@sha256:[0-9a-f]{64}$/,
      'an image of ECR by its digest, as a function runs from no other registry',
      `123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@sha256:${'0'.repeat(64)}`,
    );
  }
  return config.input(
    'workerImage',
    /^[\w./:-]+@sha256:[0-9a-f]{64}$/,
    'an image by its digest, as a tag can change under the farm',
    `ghcr.io/you/worker@sha256:${'0'.repeat(64)}`,
  );
}

function readMonitoring(config: SettingsReader): FarmSettings['monitoring'] {
  const alertEmail =
    config.pattern('alertEmail', /^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address', 'ada@example.com') ||
    undefined;
  const monthlyBudget = config.integer('monthlyBudget', { min: 0, max: 10_000_000 }) || undefined;
  const logRetentionDays = config.integer('logRetentionDays', { min: 1, max: 3653 });
  if (!logRetentions.includes(logRetentionDays)) {
    const next = logRetentions.find((days) => days > logRetentionDays) ?? 3653;
    config.reject(
      'logRetentionDays',
      `is ${logRetentionDays}; CloudWatch Logs allows ${logRetentions.join(', ')}.`,
      `${next}`,
    );
  }
  if (monthlyBudget !== undefined && !config.isSet('alertEmail')) {
    config.reject('alertEmail', `is not set, so no one would hear of the monthlyBudget.`, 'ada@example.com');
  }
  return {
    alertEmail,
    budget: monthlyBudget && alertEmail ? { monthlyUsd: monthlyBudget } : undefined,
    logRetentionDays,
    containerInsights: config.flag('containerInsights'),
  };
}

/** Source of the rules: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
function readTags(config: SettingsReader): Record<string, string> {
  const form = /^(?!aws:)[\p{L}\p{N} _.:/+@-]{1,128}=[\p{L}\p{N} _.:/=+@-]{0,256}$/u;
  const pairs = config.list('tags', form, 'texts such as "name=value"', 'team=video');
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
