import { z } from 'zod';

/** Whether segments are encrypted. `aes-128`: each whole one, as RFC 8216 section 4.3.2.4 has it. */
export const encryptionNames = ['none', 'aes-128'] as const;

/** How the segments of a film are encrypted. The key is not in the plan, as the plan lies beside the film. */
export interface SegmentEncryption {
  method: 'aes-128';
  /** Where players fetch the key, with `{plan}` for the plan's id. */
  keyUrl: string;
  /** Of the secret that the key comes of: a worker with another one would encrypt parts that do not fit. */
  secretId: string;
}

const places = { job: '{jobId}', plan: '{plan}' } as const;

/** On this machine alone a key may travel without TLS. */
const origin = /^(https:\/\/[^/?#@]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)\//;

/** What may stand in an address (RFC 3986), and braces for the places. A playlist has no way to escape a quote. */
const characters = /^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%{}-]+$/;

/** The address of the owner's key server, by job and plan. */
export const keyUrlSchema = z.string().superRefine((text, context) => {
  const problem = keyUrlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

function keyUrlProblem(text: string): string | undefined {
  const [start = ''] = origin.exec(text) ?? [];
  if (start === '' || !characters.test(text) || !URL.canParse(text))
    return 'expected an https address, such as "https://keys.example.com/{jobId}/{plan}"; http only on this machine';
  const rest = text.slice(start.length);
  for (const place of Object.values(places))
    if (!rest.includes(place))
      return `expected ${place} behind the host, as each film has a key of its own: "https://keys.example.com/{jobId}/{plan}"`;
  if (/[{}]/.test(text.replaceAll(places.job, '').replaceAll(places.plan, '')))
    return 'expected no other braces than those of {jobId} and {plan}';
  return undefined;
}

/** Job ids consist of characters that no part of an address escapes. */
export function keyUrlOfJob(template: string, jobId: string): string {
  return template.replaceAll(places.job, jobId);
}

export function keyUrlOfPlan({ keyUrl }: SegmentEncryption, planId: string): string {
  return keyUrl.replaceAll(places.plan, planId);
}

const secretBytes = 32;

/** Canonical base64 alone, so that a letter that is missing or doubled is noticed. It stays text, which logs know to hide. */
export const encryptionSecretSchema = z.string().refine((text) => {
  const secret = Buffer.from(text, 'base64');
  return secret.length === secretBytes && secret.toString('base64') === text;
}, `expected ${secretBytes} random bytes in base64, as "openssl rand -base64 ${secretBytes}" prints them`);

/** DASH knows other ways to encrypt alone. */
const noManifest = 'the segments of the film are encrypted, so it has no manifest.mpd for DASH players';

interface EncryptionRequest {
  encryption?: SegmentEncryption | undefined;
  encoding: { segmentFormat: 'fmp4' | 'mpegts' };
}

/** What a plan says of encryption. MPEG-TS never has a manifest. */
export function encryptionPlan({ encryption, encoding }: EncryptionRequest): {
  plan: { encryption?: SegmentEncryption };
  warnings: string[];
} {
  return encryption === undefined
    ? { plan: {}, warnings: [] }
    : { plan: { encryption }, warnings: encoding.segmentFormat === 'fmp4' ? [noManifest] : [] };
}
