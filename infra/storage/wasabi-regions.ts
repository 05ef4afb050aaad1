/** Source: https://docs.wasabi.com/docs/what-are-the-service-urls-for-wasabis-different-storage-regions */
export const wasabiRegions = [
  'us-east-1',
  'us-east-2',
  'us-central-1',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-central-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-2',
] as const;
export type WasabiRegion = (typeof wasabiRegions)[number];

/** Where S3 clients reach a region of Wasabi. */
export function wasabiEndpoint(region: WasabiRegion): string {
  return `https://s3.${region}.wasabisys.com`;
}
