import { type Call, headerOf, objectOf, queryOf } from './call.ts';
import type { Identity } from './identities.ts';
import { allows } from './policy.ts';
import { type Refusal, refuse, serviceOf } from './verdict.ts';

/** An action of IAM and what it is done to. */
export interface Right {
  action: string;
  resource: string;
}

/** Where the emulator's queues and topics are. */
export const emulatedAccount = 'us-east-1:000000000000';

/** Checks that an identity has all the rights that a call needs. */
export function authorize(call: Call, { policies }: Identity): Refusal | undefined {
  const missing = neededRights(call).find(({ action, resource }) => !allows(policies, action, resource));
  if (missing === undefined) return undefined;
  return refuse(403, 'AccessDenied', `not authorized to perform: ${missing.action} on ${missing.resource}`);
}

/** By the service authorization reference of AWS. */
export function neededRights(call: Call): Right[] {
  const service = serviceOf(call);
  if (service === 's3') return s3Rights(call);
  if (service === 'sqs') return [sqsRight(call)];
  // Everybody may ask STS who they are.
  return service === 'sns' ? [snsRight(call)] : [];
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
function s3Rights(call: Call): Right[] {
  const { bucket, key } = objectOf(call);
  const query = new Map(queryOf(call));
  if (bucket === '') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (call.method === 'POST' && query.has('delete')) {
    const keys = [...String(call.body).matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, name = '']) => name);
    return keys.map((name) => ({ action: 's3:DeleteObject', resource: `arn:aws:s3:::${bucket}/${name}` }));
  }
  if (key === '')
    return [{ action: `s3:${bucketAction(call.method, query)}`, resource: `arn:aws:s3:::${bucket}` }];
  const actions = [objectAction(call.method, query)];
  // A condition on the object's version shows something of it.
  if (call.method !== 'GET' && call.method !== 'HEAD' && headerOf(call, 'if-match'))
    actions.push('GetObject');
  return actions.map((action) => ({ action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}/${key}` }));
}

const bucketActions: Readonly<Record<string, readonly [query: string, action: string][]>> = {
  GET: [
    ['notification', 'GetBucketNotification'],
    ['versioning', 'GetBucketVersioning'],
    ['lifecycle', 'GetLifecycleConfiguration'],
    ['location', 'GetBucketLocation'],
    ['uploads', 'ListBucketMultipartUploads'],
    ['versions', 'ListBucketVersions'],
    ['', 'ListBucket'],
  ],
  HEAD: [['', 'ListBucket']],
  PUT: [
    ['lifecycle', 'PutLifecycleConfiguration'],
    ['cors', 'PutBucketCORS'],
    ['', 'CreateBucket'],
  ],
  DELETE: [
    ['lifecycle', 'PutLifecycleConfiguration'],
    ['', 'DeleteBucket'],
  ],
  POST: [['', 'PutObject']],
};

function bucketAction(method: string, query: ReadonlyMap<string, string>): string {
  const found = bucketActions[method]?.find(([name]) => name === '' || query.has(name));
  return found?.[1] ?? `${method} of a bucket`;
}

function objectAction(method: string, query: ReadonlyMap<string, string>): string {
  const isUpload = query.has('uploadId');
  if (method === 'GET' && isUpload) return 'ListMultipartUploadParts';
  if (method === 'GET' || method === 'HEAD') return 'GetObject';
  if (method === 'DELETE') return isUpload ? 'AbortMultipartUpload' : 'DeleteObject';
  return 'PutObject';
}

/** A batch needs the right to one. */
function sqsRight(call: Call): Right {
  const name = (headerOf(call, 'x-amz-target') ?? '').replace(/^AmazonSQS\./, '').replace(/Batch$/, '');
  const { QueueUrl = '', QueueName } = JSON.parse(String(call.body) || '{}') as Record<string, string>;
  const queue = QueueName ?? QueueUrl.split('/').at(-1);
  return { action: `sqs:${name}`, resource: `arn:aws:sqs:${emulatedAccount}:${queue}` };
}

function snsRight(call: Call): Right {
  const form = new URLSearchParams(String(call.body));
  const action = (form.get('Action') ?? '').replace(/Batch$/, '');
  return { action: `sns:${action}`, resource: form.get('TopicArn') ?? '*' };
}
