/** One upload, as S3 reports it. */
export function s3Record(
  object: { key: string; eTag?: string; versionId?: string },
  more: Record<string, unknown> = {},
) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-01-02T03:04:05.000Z',
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: 'AWS:AIDA' },
    requestParameters: { sourceIPAddress: '192.0.2.1' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'films',
      bucket: { name: 'films-in', ownerIdentity: { principalId: 'A3' }, arn: 'arn:aws:s3:::films-in' },
      object: {
        size: 1024,
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        sequencer: '0055AED6DCD90281E5',
        ...object,
      },
    },
    ...more,
  };
}

export const s3Event = (...records: unknown[]) => JSON.stringify({ Records: records });

/** What SNS makes of a message where the subscription does not ask for raw delivery. */
export const snsEnvelope = (message: string) =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:films',
    Subject: 'Amazon S3 Notification',
    Message: message,
    Timestamp: '2026-01-02T03:04:05.000Z',
    SignatureVersion: '1',
    Signature: 'EXAMPLE',
  });
