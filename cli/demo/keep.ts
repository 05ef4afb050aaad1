import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { FarmAddress } from '../farm/address.ts';
import type { LocalFarm } from '../local-farm/farm.ts';
import type { DemoReporter } from './reporter.ts';

/** Uploads that end so become jobs of a kept farm; the demo's own film must be one of them. */
export function keptSuffixes(movie: string | undefined): string[] {
  const own = extname(movie ?? '').toLowerCase();
  return [...new Set(['.mp4', '.mov', '.mkv', '.webm', ...(own ? [own] : [])])];
}

/** The address of a farm that this process runs, in the words of a stack's outputs. */
export function localAddress(
  farm: LocalFarm,
  uploadSuffixes: string[],
  { reporterEndpoint, ...reports }: Partial<DemoReporter['address']> = {},
): FarmAddress {
  const { region, endpoint } = farm;
  return {
    region,
    topicArn: farm.topicArn,
    queueUrl: farm.queueUrl,
    deadLetterQueueUrl: farm.deadLetterQueueUrl,
    ...laneAddresses(farm),
    partsQueueUrl: farm.partsQueueUrl,
    partsDeadLetterQueueUrl: farm.partsDeadLetterQueueUrl,
    sourceStorage: 's3',
    sourceBucket: farm.sourceBucket,
    sourceRegion: region,
    sourceEndpoint: endpoint,
    uploadsStartJobs: true,
    outputStorage: 's3',
    outputBucket: farm.outputBucket,
    outputRegion: region,
    outputEndpoint: endpoint,
    outputPrefix: '',
    publicUrl: '',
    dashboardUrl: '',
    sourceConsoleUrl: '',
    outputConsoleUrl: '',
    ...reports,
    local: {
      ...{ endpoint, pid: process.pid, uploadSuffixes },
      ...(reporterEndpoint === undefined ? {} : { reporterEndpoint }),
    },
  };
}

/** As a stack's outputs name them. */
export function laneAddresses({ lanes }: Pick<LocalFarm, 'lanes'>): Partial<FarmAddress> {
  const { urgent, bulk } = lanes;
  return {
    ...(urgent && {
      urgentTopicArn: urgent.topicArn,
      urgentQueueUrl: urgent.queueUrl,
      urgentPartsQueueUrl: urgent.partsQueueUrl,
    }),
    ...(bulk && {
      bulkTopicArn: bulk.topicArn,
      bulkQueueUrl: bulk.queueUrl,
      bulkPartsQueueUrl: bulk.partsQueueUrl,
    }),
  };
}

export async function saveLocalAddress(path: string, address: FarmAddress): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(address, undefined, 2)}\n`);
}

/** Unless another farm has taken the place meanwhile. */
export async function removeLocalAddress(path: string): Promise<void> {
  const { local } = JSON.parse(await readFile(path, 'utf8')) as FarmAddress;
  if (local?.pid === process.pid) await rm(path);
}
