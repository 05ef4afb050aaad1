import { GetBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { UserError } from '../errors.ts';
import type { Farm } from '../farm/farm.ts';

/** Uploads whose key begins and ends so become jobs by themselves. */
export interface UploadFilter {
  prefix: string;
  suffix: string;
  anyCase: boolean;
}

/**
 * Which uploads become jobs. Asked of the bucket itself, as only S3 knows where it sends events.
 * @returns none where films only come in as submitted jobs
 */
export async function readUploadFilters({ address, source }: Farm): Promise<UploadFilter[]> {
  if (!address.uploadsStartJobs) return [];
  if (address.local) {
    return address.local.uploadSuffixes.map((suffix) => ({ prefix: '', suffix, anyCase: true }));
  }
  const { TopicConfigurations = [] } = await source.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: address.sourceBucket }),
  );
  return TopicConfigurations.filter(({ TopicArn }) => TopicArn === address.topicArn).map(({ Filter }) => {
    const rules = Filter?.Key?.FilterRules ?? [];
    const value = (name: string) => rules.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? '';
    return { prefix: value('prefix'), suffix: value('suffix'), anyCase: false };
  });
}

export function becomesJob(key: string, filters: readonly UploadFilter[]): boolean {
  return filters.some(({ prefix, suffix, anyCase }) => {
    const end = anyCase ? key.toLowerCase().endsWith(suffix.toLowerCase()) : key.endsWith(suffix);
    return key.startsWith(prefix) && end;
  });
}

/** How a film on this machine gets to be one job. */
export interface UploadPlan {
  key: string;
  /** Otherwise the upload itself makes the job. */
  sendJob: boolean;
}

/**
 * A film that is only to be transcoded goes where its upload makes the job. One with job options goes where no
 * upload makes one, or there would be a second job without the options.
 * @throws UserError where every upload becomes a job
 */
export function planUpload(
  fileName: string,
  filters: readonly UploadFilter[],
  hasJobOptions: boolean,
): UploadPlan {
  if (!hasJobOptions) {
    const fit = filters.find((filter) => becomesJob(`${filter.prefix}${fileName}`, [filter]));
    return fit ? { key: `${fit.prefix}${fileName}`, sendJob: false } : { key: fileName, sendJob: true };
  }
  // Films are known by what is in them, so the name's end is free.
  const key = [fileName, `${fileName}.film`].find((name) => !becomesJob(name, filters));
  if (key !== undefined) return { key, sendJob: true };
  throw new UserError(
    'This farm makes a job of every upload, so a film with anything else in its job (an id, a title, an option, a stretch) would become two jobs. ' +
      'Limit sourceSuffixes or sourcePrefix of the stack, or upload elsewhere and submit s3://BUCKET/KEY.',
  );
}
