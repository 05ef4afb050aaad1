import * as pulumi from '@pulumi/pulumi';
import type { CorsRule } from './cors.ts';

export interface WasabiBucketArgs {
  /** Begins the name, which gets a random end: names are shared by everybody on Wasabi. */
  prefix: pulumi.Input<string>;
  /** Changing it REPLACES the bucket. */
  region: pulumi.Input<string>;
  endpoint: pulumi.Input<string>;
  accessKeyId: pulumi.Input<string>;
  secretAccessKey: pulumi.Input<string>;
  /** Undefined: Wasabi's own rules stay. */
  cors: CorsRule | undefined;
  /** Objects are deleted after so many days; 0: they stay. */
  expireAfterDays: number;
}

interface Inputs {
  prefix: string;
  region: string;
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  cors?: CorsRule | undefined;
  /** Undefined for buckets that were made by earlier versions. */
  expireAfterDays?: number;
}

/**
 * A bucket made by S3's own calls in a dynamic provider; its id is its name.
 *
 * Not by `aws.s3.Bucket` with Wasabi's endpoint: since 7.13 the AWS provider reads a bucket's tags by an S3 Control call
 * that Wasabi does not have (https://github.com/hashicorp/terraform-provider-aws/issues/45520).
 */
export class WasabiBucket extends pulumi.dynamic.Resource {
  constructor(name: string, args: WasabiBucketArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      wasabiProvider,
      name,
      { ...args },
      { ...opts, additionalSecretOutputs: ['accessKeyId', 'secretAccessKey'] },
    );
  }
}

/**
 * Pulumi saves the text of these functions with the stack and runs it in a separate process, where nothing is imported:
 * they use each other and what is global, and `loadS3` fetches the rest.
 */
export const wasabiProvider = {
  async create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
    const { CreateBucketCommand } = loadS3();
    const client = connect(inputs);
    const bucket = `${inputs.prefix}${crypto.randomUUID().slice(0, 8)}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await setCors(inputs, bucket);
    await setExpiry(inputs, bucket);
    return { id: bucket, outs: inputs };
  },

  /** Keys, CORS and expiry change in place; only another region asks for another bucket. */
  async diff(_id: string, olds: Inputs, news: Inputs): Promise<pulumi.dynamic.DiffResult> {
    const differs = (key: keyof Inputs) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]);
    const inPlace: (keyof Inputs)[] = ['accessKeyId', 'secretAccessKey', 'cors'];
    const expires = (olds.expireAfterDays ?? 0) !== (news.expireAfterDays ?? 0);
    const replaces = differs('region') ? ['region'] : [];
    return { changes: replaces.length > 0 || expires || inPlace.some(differs), replaces };
  },

  async update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
    if (JSON.stringify(olds.cors) !== JSON.stringify(news.cors)) await setCors(news, id);
    if ((olds.expireAfterDays ?? 0) !== (news.expireAfterDays ?? 0)) await setExpiry(news, id, true);
    return { outs: news };
  },

  /** Empties it too. Never called for a bucket that is kept. */
  async delete(id: string, state: Inputs): Promise<void> {
    const { DeleteBucketCommand, DeleteObjectsCommand, ListObjectsV2Command } = loadS3();
    const client = connect(state);
    const emptying = withContentMd5(connect(state));
    for (;;) {
      // A page has a thousand objects, as many as one deletion takes.
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: id }));
      if (Contents.length === 0) break;
      const Delete = { Objects: Contents.map(({ Key }) => ({ Key })), Quiet: true };
      const { Errors: [first] = [] } = await emptying.send(new DeleteObjectsCommand({ Bucket: id, Delete }));
      if (first !== undefined)
        throw new Error(
          `Wasabi did not delete "${first.Key}" of bucket ${id}: ${first.Code} ${first.Message}`,
        );
    }
    await client.send(new DeleteBucketCommand({ Bucket: id }));
  },
} satisfies pulumi.dynamic.ResourceProvider<Inputs, Inputs>;

/** That process runs in the folder of the program, as this one does. */
function loadS3(): typeof import('@aws-sdk/client-s3') {
  return process.getBuiltinModule('node:module').createRequire(`${process.cwd()}/`)('@aws-sdk/client-s3');
}

function connect({ region, endpoint, accessKeyId, secretAccessKey }: Inputs) {
  const { S3Client } = loadS3();
  return new S3Client({
    region,
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** S3's documentation asks for Content-MD5 with these calls; the SDK sends a checksum that not every service knows. */
function withContentMd5<Client extends ReturnType<typeof connect>>(client: Client): Client {
  client.middlewareStack.add(
    (next) => (call) => {
      const { body, headers } = call.request as { body: string; headers: Record<string, string> };
      const { createHash } = process.getBuiltinModule('node:crypto');
      for (const name of Object.keys(headers))
        if (/^x-amz-(sdk-)?checksum-/i.test(name)) delete headers[name];
      headers['content-md5'] = createHash('md5').update(body).digest('base64');
      return next(call);
    },
    { step: 'build', priority: 'low' },
  );
  return client;
}

async function setCors(inputs: Inputs, bucket: string): Promise<void> {
  const { cors } = inputs;
  if (cors === undefined) return;
  const { PutBucketCorsCommand } = loadS3();
  const client = withContentMd5(connect(inputs));
  const rule = {
    AllowedOrigins: cors.origins,
    AllowedMethods: cors.methods,
    AllowedHeaders: cors.headers,
    ExposeHeaders: cors.exposed,
    MaxAgeSeconds: cors.maxAgeSeconds,
  };
  try {
    await client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } }));
  } catch (error) {
    // No reason to have no bucket: Wasabi lets every site in where no rule is set.
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    console.error(
      `warning: Wasabi did not take the CORS rules of bucket ${bucket} (${why}); its own stay, so corsOrigins has no effect and uploads from the portal may fail.`,
    );
  }
}

/** @param mayHaveRule whether there may be one from before */
async function setExpiry(inputs: Inputs, bucket: string, mayHaveRule = false): Promise<void> {
  const days = inputs.expireAfterDays ?? 0;
  if (days === 0 && !mayHaveRule) return;
  const { DeleteBucketLifecycleCommand, PutBucketLifecycleConfigurationCommand } = loadS3();
  if (days === 0) {
    await connect(inputs).send(new DeleteBucketLifecycleCommand({ Bucket: bucket }));
    return;
  }
  const rule = {
    ID: 'expired',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    Expiration: { Days: days },
  };
  const LifecycleConfiguration = { Rules: [rule] };
  await withContentMd5(connect(inputs)).send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }),
  );
}
