import * as pulumi from '@pulumi/pulumi';

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html, "Function URLs are not supported in" */
const withoutFunctionUrls: readonly string[] = [
  'ap-south-2',
  'ap-southeast-4',
  'ca-west-1',
  'eu-central-2',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
];

/** @throws RunError where Lambda has no function URLs */
export function checkRegion(region: string): void {
  if (!withoutFunctionUrls.includes(region)) return;
  throw new pulumi.RunError(
    `portal is "function", and Lambda has no function URLs in ${region}. Run it in a container behind a load balancer (pulumi config set portal service), or leave it out (pulumi config set portal none) and use "farm open".`,
  );
}
