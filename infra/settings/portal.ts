import type * as pulumi from '@pulumi/pulumi';
import type { PortalEntry } from '../portal/load-balancer.ts';
import type { NetworkSettings } from './compute.ts';
import { readSignIn } from './portal-sign-in.ts';
import type { SettingsReader } from './reader.ts';

/** The page on which people upload, follow and watch films. */
export interface PortalSettings {
  host: PortalHostSettings;
  signIn: PortalSignIn;
  /** Signs sessions and links; undefined: it is made from the secret by which people sign in. */
  signingKey?: pulumi.Output<string>;
}

/** How people sign in. */
export type PortalSignIn =
  | { by: 'password'; passwordHash: pulumi.Output<string> }
  | {
      by: 'oidc';
      issuer: string;
      clientId: pulumi.Input<string>;
      clientSecret: pulumi.Output<string>;
      scopes: string[];
      groupsClaim: string;
      allowedDomains: string[];
      allowedGroups: string[];
      admins: string[];
      ownFilmsOnly: boolean;
    };

export type PortalHostSettings =
  | { kind: 'function' }
  | {
      kind: 'service';
      entry: PortalEntry;
      /** Undefined: the tasks' own subnets are public. */
      publicSubnetIds?: pulumi.Input<string[]>;
    };

const ofService = [
  'portalDomain',
  'portalCertificateArn',
  'portalZoneId',
  'portalAllowHttp',
  'portalSubnetIds',
] as const;
const ofPortal = ['portalSigningKey', ...ofService] as const;

/** @returns undefined where the farm has no portal */
export function readPortal(config: SettingsReader, network: NetworkSettings): PortalSettings | undefined {
  const kind = config.choice('portal', ['none', 'function', 'service']);
  const signingKey = config.secret(
    'portalSigningKey',
    'a key of 32 characters or more, as "openssl rand -base64 48" prints one',
    (value) => value.length >= 32,
  );
  const signIn = readSignIn(config, kind);
  const service = readService(config);
  const unused = kind === 'none' ? ofPortal : kind === 'function' ? ofService : [];
  for (const key of unused)
    if (!/^(|false|\[\])$/.test(config.text(key))) config.ignore(key, `portal is "${kind}"`);
  if (kind === 'none') return undefined;
  const host = kind === 'function' ? { kind } : checkService(config, service, network);
  const isByHttp = signIn?.by === 'oidc' && host?.kind === 'service' && host.entry.scheme === 'http';
  if (isByHttp)
    config.reject(
      'portalAuth',
      'is "oidc", and the portal answers by http: providers send people back by https alone. Set a certificate, or use a password.',
      'password',
    );
  return host && signIn && { host, signIn, ...(signingKey && { signingKey }) };
}

interface ServiceTexts {
  domain: string;
  certificateArn: pulumi.Input<string> | undefined;
  zoneId: pulumi.Input<string> | undefined;
  allowHttp: boolean;
  subnetIds: pulumi.Input<string[]> | undefined;
}

function readService(config: SettingsReader): ServiceTexts {
  return {
    domain: config.pattern(
      'portalDomain',
      /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
      'a host name in small letters, without "https://"',
      'films.example.com',
    ),
    certificateArn: config.input(
      'portalCertificateArn',
      /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
      'the ARN of a certificate in ACM',
      exampleCertificate,
    ),
    zoneId: config.input('portalZoneId', /^Z[A-Z0-9]{5,31}$/, 'the id of a hosted zone', exampleZone),
    allowHttp: config.flag('portalAllowHttp'),
    subnetIds: config.listInput(
      'portalSubnetIds',
      /^subnet-[0-9a-f]{8,17}$/,
      'subnet ids',
      'subnet-0123456789abcdef0',
    ),
  };
}

const exampleCertificate = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
const exampleZone = 'Z0123456789ABCDEFGHIJ';

function checkService(
  config: SettingsReader,
  texts: ServiceTexts,
  network: NetworkSettings,
): PortalHostSettings | undefined {
  const entry = entryOf(config, texts);
  const { subnetIds } = texts;
  checkSubnets(config, network, subnetIds !== undefined);
  return entry && { kind: 'service', entry, ...(subnetIds && { publicSubnetIds: subnetIds }) };
}

function entryOf(
  config: SettingsReader,
  { domain, certificateArn, zoneId, allowHttp }: ServiceTexts,
): PortalEntry | undefined {
  const hasCertificate = certificateArn !== undefined || zoneId !== undefined;
  if (domain !== '' && hasCertificate) {
    if (allowHttp) config.ignore('portalAllowHttp', 'the portal has a certificate');
    return { scheme: 'https', domain, ...(certificateArn && { certificateArn }), ...(zoneId && { zoneId }) };
  }
  if (hasCertificate) {
    config.reject(
      'portalDomain',
      `is not set, and the portal's ${certificateArn ? 'certificate' : 'zone'} is for a domain.`,
      'films.example.com',
    );
    return undefined;
  }
  if (allowHttp) return { scheme: 'http', ...(domain !== '' && { domain }) };
  config.rejectTogether(
    'portal "service" needs a domain and a certificate for it: a load balancer has no HTTPS of its own, and without HTTPS passwords and films can be read on their way.',
    config.toSet('portalDomain', 'films.example.com'),
    `${config.toSet('portalZoneId', exampleZone)} (its Route 53 zone: the farm makes the certificate and the record)`,
    `or ${config.toSet('portalCertificateArn', exampleCertificate)} (in ACM, in the farm's region)`,
    `or, to try it where nothing is secret: ${config.toSet('portalAllowHttp', 'true')}`,
    `or ${config.toSet('portal', 'function')}, which has an HTTPS address`,
  );
  return undefined;
}

/** A load balancer has an address in two zones or more. The farm's own network has public subnets there; of others nothing is known. */
function checkSubnets(config: SettingsReader, network: NetworkSettings, hasOwn: boolean): void {
  const key = hasOwn ? 'portalSubnetIds' : 'subnetIds';
  if (network.existing === undefined) {
    if (hasOwn)
      config.rejectKey(
        'portalSubnetIds',
        "is set, and the farm makes its own network: subnets of another one can't be used with it. Set vpcId and subnetIds too, or leave it out.",
      );
    return;
  }
  if (key === 'subnetIds' && !network.assignPublicIp) {
    config.reject(
      'portalSubnetIds',
      "is not set, and assignPublicIp is false, so subnetIds are private: browsers can't reach a load balancer there. Name two public subnets of the VPC, in two zones.",
      'subnet-0123456789abcdef0',
      'entry',
    );
    return;
  }
  if (countOf(config.text(key)) === 1)
    config.rejectTogether(
      `${key} has one subnet, and the portal's load balancer needs two, in two zones.`,
      config.toSet(key, 'subnet-0123456789abcdef1', 'entry').replace('[0]', '[1]'),
    );
}

/** Undefined for what is known only when something else has been made. */
function countOf(list: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(list);
    return Array.isArray(parsed) ? parsed.length : undefined;
  } catch {
    return undefined;
  }
}
