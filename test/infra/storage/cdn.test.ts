import { describe, expect, it } from 'vitest';
import { Cdn, type CdnArgs } from '../../../infra/storage/cdn.ts';
import { promiseOf, record } from '../../helpers/program/pulumi.ts';

const create = (changes: Partial<CdnArgs> = {}) =>
  record(
    () =>
      new Cdn('films', {
        bucketDomainName: 'films.s3.us-east-1.amazonaws.com',
        corsOrigins: ['https://www.example.com'],
        ...changes,
      }),
  );

describe('Cdn', () => {
  it('reads the bucket by signed requests and shows it by https alone', async () => {
    const cdn = await create();
    expect(cdn.resource('aws:cloudfront/originAccessControl:OriginAccessControl').inputs).toEqual({
      name: undefined,
      originAccessControlOriginType: 's3',
      signingBehavior: 'always',
      signingProtocol: 'sigv4',
    });
    expect(cdn.resource('aws:cloudfront/distribution:Distribution').inputs).toMatchObject({
      origins: [{ domainName: 'films.s3.us-east-1.amazonaws.com', originAccessControlId: 'E2EXAMPLE3ABCD' }],
      defaultCacheBehavior: { viewerProtocolPolicy: 'redirect-to-https', compress: true },
      viewerCertificate: { cloudfrontDefaultCertificate: true },
      aliases: [],
    });
    expect(await promiseOf(cdn.result.publicUrl)).toBe('https://d111111abcdef8.cloudfront.net');
  });

  it('forgets soon that a film was not there yet', async () => {
    const { customErrorResponses } = (await create()).resource(
      'aws:cloudfront/distribution:Distribution',
    ).inputs;
    expect(customErrorResponses).toEqual([
      { errorCode: 403, errorCachingMinTtl: 5 },
      { errorCode: 404, errorCachingMinTtl: 5 },
    ]);
  });

  it('answers players of the named sites itself', async () => {
    const cdn = await create();
    const policy = cdn.resource('aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy');
    expect(policy.inputs.corsConfig).toMatchObject({
      accessControlAllowOrigins: { items: ['https://www.example.com'] },
      originOverride: true,
    });
    const none = await create({ corsOrigins: [] });
    expect(none.resourcesOf('aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy')).toEqual([]);
  });

  it('answers for a name of its owner with the certificate of that name', async () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const cdn = await create({ alias: { domain: 'video.example.com', certificateArn } });
    expect(cdn.resource('aws:cloudfront/distribution:Distribution').inputs).toMatchObject({
      aliases: ['video.example.com'],
      viewerCertificate: { acmCertificateArn: certificateArn, minimumProtocolVersion: 'TLSv1.2_2021' },
    });
    expect(await promiseOf(cdn.result.publicUrl)).toBe('https://video.example.com');
    expect(
      cdn.resource('aws:cloudfront/distribution:Distribution').inputs.defaultCacheBehavior,
    ).toMatchObject({
      originRequestPolicyId: '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf', // passes a preflight's headers on to S3
    });
    expect(await promiseOf(cdn.result.domainName)).toBe('d111111abcdef8.cloudfront.net');
  });
});
