import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { localAddress } from '../../cli/demo/keep.ts';
import { checkCredentials, checkRegion } from '../../cli/doctor/account.ts';
import { readPlannedStack } from '../../cli/doctor/deployment/stack.ts';
import { examine } from '../../cli/doctor/examine.ts';
import { type Finding, notAsked } from '../../cli/doctor/finding.ts';
import { checkPrograms, type RunProgram } from '../../cli/doctor/programs.ts';
import { allFindingLines } from '../../cli/doctor/text.ts';
import { connect } from '../../cli/farm/farm.ts';
import { startLocalFarm } from '../../cli/local-farm/farm.ts';
import { startWorker } from '../../cli/local-farm/worker.ts';
import type { Style } from '../../cli/text/style.ts';

/** The machine of the pages: an ffmpeg, and neither Pulumi nor Docker. */
const programs: Readonly<Record<string, string>> = {
  'ffmpeg -version': 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers',
  'ffprobe -version': 'ffprobe version 5.1.9-0+deb12u1 Copyright (c) 2007-2026 the FFmpeg developers',
  'ffmpeg -hide_banner -encoders': ' V....D libx264              libx264 H.264',
};

const run: RunProgram = async (program, args) => {
  const said = programs[[program, ...args].join(' ')];
  if (said !== undefined) return said;
  throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: 'ENOENT' });
};

/** What `farm doctor` prints of a stack before its deployment, without a login. */
export async function doctorBeforeOutput(stack: string, style: Style): Promise<string[]> {
  const { finding, region = '' } = await readPlannedStack(stack);
  const sts = loggedOut();
  const findings = [
    ...(await checkPrograms(run, { isLocal: false })),
    finding,
    await checkRegion(sts, { region, from: `aws:region of stack ${stack}` }),
    await checkCredentials(sts, undefined),
    notAsked('the account', 'without credentials'),
  ];
  return allFindingLines(findings.map(withSampleNode), style);
}

/** What it prints of a farm on this machine. */
export async function doctorOutput(style: Style): Promise<string[]> {
  const farm = await startLocalFarm({ storage: 'memory' });
  const address = localAddress(farm, ['.mp4']);
  const { sqs, source, close } = connect(address, {});
  // Its event waits for no worker.
  await source.send(new PutObjectCommand({ Bucket: farm.sourceBucket, Key: 'clip.txt', Body: 'A film' }));
  await sqs.send(new PurgeQueueCommand({ QueueUrl: farm.queueUrl }));
  close();
  const worker = startWorker(farm.environment);
  try {
    const findings = await examine(address, {}, run);
    return allFindingLines(findings.map(withSampleNode), style);
  } finally {
    await worker.stop(0);
    await farm.close();
  }
}

/** Whichever Node makes the pages. */
function withSampleNode(finding: Finding): Finding {
  return finding.name === 'node' ? { ...finding, why: 'v24.21.0' } : finding;
}

/** As the SDK fails where it finds no credentials. */
export function loggedOut(): STSClient {
  const error = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  });
  return new STSClient({ region: 'us-east-1', credentials: () => Promise.reject(error) });
}
