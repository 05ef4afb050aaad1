import type { SettingsReader } from './reader.ts';
import { bucketName } from './storage.ts';

export interface GithubSettings {
  /** `owner/name` or `owner@id/name@id`, as its tokens say it. */
  repository: string;
  makesProvider: boolean;
  /** S3 bucket of Pulumi's state. */
  stateBucket?: string;
}

/** Letters, digits and signs that GitHub allows in names; ids behind both names or behind none. */
const repository = /^([\w-]+\/[\w.-]+|[\w-]+@\d+\/[\w.-]+@\d+)$/;

/** Which repository of GitHub previews and deploys the stack. */
export function readGithub(config: SettingsReader): GithubSettings | undefined {
  const settings = {
    repository: config.pattern(
      'githubRepository',
      repository,
      '"owner/name", or "owner@id/name@id" for repositories made, renamed or moved since 15 July 2026',
      'you/transcode-farm',
    ),
    makesProvider: config.flag('githubProvider'),
    stateBucket:
      config.pattern(
        'githubStateBucket',
        bucketName,
        'the name of an S3 bucket, as in PULUMI_BACKEND_URL behind "s3://"',
        'my-state',
      ) || undefined,
  };
  if (config.text('githubRepository') !== '') return settings;
  const without = [
    ...(settings.makesProvider ? [] : ['githubProvider']),
    ...(settings.stateBucket === undefined ? [] : ['githubStateBucket']),
  ];
  for (const key of without) {
    config.reject('githubRepository', `is not set, so ${key} is of no use.`, 'you/transcode-farm');
  }
  return undefined;
}
