import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import type { LoadBalancer } from './load-balancer.ts';

/**
 * A certificate for one name, proven by a record in the domain's zone and renewed by ACM. Free.
 * @returns its ARN, once it is issued
 */
export function issueCertificate(
  parent: LoadBalancer,
  name: string,
  domain: string,
  zoneId: pulumi.Input<string>,
): pulumi.Output<string> {
  const certificate = new aws.acm.Certificate(
    name,
    { domainName: domain, validationMethod: 'DNS' },
    { parent },
  );
  // One name has one record.
  const proof = certificate.domainValidationOptions.apply(([first]) => {
    if (first === undefined) throw new Error(`ACM names no record that proves ${domain}.`);
    return first;
  });
  const record = new aws.route53.Record(
    `${name}-proof`,
    {
      zoneId,
      name: proof.resourceRecordName,
      type: proof.resourceRecordType,
      records: [proof.resourceRecordValue],
      ttl: 300,
      // The same for every certificate of the name: an earlier one may have left it.
      allowOverwrite: true,
    },
    { parent },
  );
  return new aws.acm.CertificateValidation(
    name,
    { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
    { parent },
  ).certificateArn;
}

/** Leads the name to the load balancer. */
export function leadDomain(
  parent: LoadBalancer,
  name: string,
  domain: string,
  zoneId: pulumi.Input<string>,
  balancer: aws.lb.LoadBalancer,
): void {
  new aws.route53.Record(
    name,
    {
      zoneId,
      name: domain,
      type: 'A',
      aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false }],
    },
    { parent },
  );
}
