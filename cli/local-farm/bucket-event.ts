/** An object as a bucket event describes it. */
export interface CreatedObject {
  bucket: string;
  key: string;
  sizeBytes: number;
  /** Without quotes, as in events. */
  etag: string;
  region: string;
  at: Date;
}

/**
 * The notification that S3 sends when an object was created, structure 2.1:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function bucketEvent(created: CreatedObject) {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: created.region,
        eventTime: created.at.toISOString(),
        eventName: created.etag.includes('-') ? 'ObjectCreated:CompleteMultipartUpload' : 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'films',
          bucket: { name: created.bucket, arn: `arn:aws:s3:::${created.bucket}` },
          object: {
            key: encodeEventKey(created.key),
            size: created.sizeBytes,
            eTag: created.etag,
            sequencer: created.at.getTime().toString(16).toUpperCase().padStart(18, '0'),
          },
        },
      },
    ],
  };
}

/** S3 encodes keys in events as forms do: a space becomes `+`, a slash stays. */
function encodeEventKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
