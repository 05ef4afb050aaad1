import { expect, it } from 'vitest';
import type { FarmAddress } from '../../../cli/farm/address.ts';
import { farmCommand, saveAddress } from '../../helpers/local-farm/farm-command.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';

const address: FarmAddress = {
  region: 'eu-central-1',
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:jobs',
  queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/jobs',
  deadLetterQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/dead',
  ...{ sourceStorage: 's3', sourceBucket: 'films', sourceRegion: 'eu-central-1', sourceEndpoint: '' },
  ...{ outputStorage: 's3', outputBucket: 'published', outputRegion: 'eu-central-1', outputEndpoint: '' },
  uploadsStartJobs: false,
  outputPrefix: '',
  publicUrl: 'https://video.example.org',
  portalUrl: 'https://abc.lambda-url.eu-central-1.on.aws',
  dashboardUrl: 'https://console.example.org/dashboard',
  sourceConsoleUrl: '',
  outputConsoleUrl: '',
};

it('reports the pages that the farm has, and leaves out the others', async () => {
  await using folder = await temporaryFolder();
  const file = await saveAddress(folder.path, address);
  const reported = await farmCommand(folder.path, ['links', '--farm', file]);
  expect(reported.stdout).toBe(
    'portal    https://abc.lambda-url.eu-central-1.on.aws\ndashboard https://console.example.org/dashboard\nfilms     https://video.example.org\n',
  );
  const data = await farmCommand(folder.path, ['links', '--farm', file, '--json']);
  expect(data.json()).toEqual({
    links: {
      portal: 'https://abc.lambda-url.eu-central-1.on.aws',
      dashboard: 'https://console.example.org/dashboard',
      films: 'https://video.example.org',
    },
  });
}, 30_000);

it('says so where there are none', async () => {
  await using folder = await temporaryFolder();
  const file = await saveAddress(folder.path, { ...address, portalUrl: '', publicUrl: '', dashboardUrl: '' });
  const reported = await farmCommand(folder.path, ['links', '--farm', file]);
  expect(reported.stdout).toContain('has no pages.');
}, 30_000);
