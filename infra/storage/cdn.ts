import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface CdnArgs {
  /** Regional host name of the bucket. */
  bucketDomainName: pulumi.Input<string>;
  /** Web sites whose players may read. */
  corsOrigins: string[];
  /** A host name of one's own, with its certificate in us-east-1; its CNAME must lead to `domainName`. */
  alias?: { domain: string; certificateArn: string };
}

/**
 * AWS's own policy "CachingOptimized": keeps what the worker's cache headers say, and no cookie or query makes a second copy.
 * Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
 */
const cachingOptimized = '658327ea-f89d-4fab-a63d-7e88639e58f6';

/**
 * AWS's own policy "CORS-S3Origin": without the headers of a preflight S3 answers it with 403.
 * Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
 */
const corsS3Origin = '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf';

/**
 * CloudFront before a private bucket, which only this distribution may read (origin access control).
 *
 * Cost: nothing while no one watches; then $0.085 a GB in North America and Europe, the first TB of a month free
 * (https://aws.amazon.com/cloudfront/pricing/).
 */
export class Cdn extends pulumi.ComponentResource {
  /** Without a trailing slash. */
  readonly publicUrl: pulumi.Output<string>;
  /** Where the CNAME of a name of one's own must lead. */
  readonly domainName: pulumi.Output<string>;
  readonly distributionArn: pulumi.Output<string>;

  constructor(name: string, args: CdnArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:delivery:Cdn', name, {}, opts);
    const distribution = createDistribution(this, name, args);
    this.domainName = distribution.domainName;
    this.distributionArn = distribution.arn;
    this.publicUrl = pulumi.interpolate`https://${args.alias?.domain ?? distribution.domainName}`;
    this.registerOutputs({ publicUrl: this.publicUrl, domainName: this.domainName });
  }
}

function createDistribution(parent: Cdn, name: string, args: CdnArgs): aws.cloudfront.Distribution {
  const access = new aws.cloudfront.OriginAccessControl(
    name,
    { originAccessControlOriginType: 's3', signingBehavior: 'always', signingProtocol: 'sigv4' },
    { parent },
  );
  return new aws.cloudfront.Distribution(
    name,
    {
      enabled: true,
      comment: 'Films of transcode-farm',
      isIpv6Enabled: true,
      httpVersion: 'http2and3',
      priceClass: 'PriceClass_100',
      waitForDeployment: false, // the edges follow in minutes, which nothing waits for
      origins: [{ originId: 'films', domainName: args.bucketDomainName, originAccessControlId: access.id }],
      defaultCacheBehavior: {
        targetOriginId: 'films',
        viewerProtocolPolicy: 'redirect-to-https',
        allowedMethods: ['GET', 'HEAD', 'OPTIONS'],
        cachedMethods: ['GET', 'HEAD'],
        compress: true,
        cachePolicyId: cachingOptimized,
        originRequestPolicyId: corsS3Origin,
        responseHeadersPolicyId: createHeaders(parent, name, args.corsOrigins)?.id,
      },
      // A player may ask for a film before it is there: that answer must not stay.
      customErrorResponses: [403, 404].map((errorCode) => ({ errorCode, errorCachingMinTtl: 5 })),
      aliases: args.alias ? [args.alias.domain] : [],
      viewerCertificate: args.alias
        ? {
            acmCertificateArn: args.alias.certificateArn,
            sslSupportMethod: 'sni-only',
            minimumProtocolVersion: 'TLSv1.2_2021',
          }
        : { cloudfrontDefaultCertificate: true },
      restrictions: { geoRestriction: { restrictionType: 'none' } },
    },
    { parent },
  );
}

/** The edge answers for CORS itself: what it has in its cache was asked for by whatever site came first. */
function createHeaders(
  parent: Cdn,
  name: string,
  origins: string[],
): aws.cloudfront.ResponseHeadersPolicy | undefined {
  if (origins.length === 0) return undefined;
  return new aws.cloudfront.ResponseHeadersPolicy(
    name,
    {
      comment: 'Players on other sites may read films',
      corsConfig: {
        accessControlAllowCredentials: false,
        accessControlAllowOrigins: { items: origins },
        accessControlAllowMethods: { items: ['GET', 'HEAD', 'OPTIONS'] },
        accessControlAllowHeaders: { items: ['*'] },
        accessControlExposeHeaders: { items: ['Content-Length', 'Content-Range', 'ETag'] },
        accessControlMaxAgeSec: 3600,
        originOverride: true,
      },
    },
    { parent },
  );
}
