import { type Call, headerOf } from './call.ts';

/** What becomes of a call; undefined: the emulator answers it. */
export type Verdict =
  | Refusal
  /** No answer ever comes. */
  | { kind: 'silence' }
  /** The emulator does what was asked, and the connection breaks before its answer. */
  | { kind: 'lost-answer' };

export interface Refusal {
  kind: 'refusal';
  status: number;
  /** S3's name for the error. */
  code: string;
  message: string;
}

export function refuse(status: number, code: string, message: string): Refusal {
  return { kind: 'refusal', status, code, message };
}

export type Service = 's3' | 'sqs' | 'sns' | 'sts';

/** By the protocol: SQS speaks JSON, SNS and STS send forms, and S3 is all the rest. */
export function serviceOf(call: Call): Service {
  const type = headerOf(call, 'content-type') ?? '';
  if (type.startsWith('application/x-amz-json')) return 'sqs';
  if (!type.startsWith('application/x-www-form-urlencoded')) return 's3';
  return /(^|&)Action=(AssumeRole|GetCallerIdentity|GetSessionToken)/.test(String(call.body)) ? 'sts' : 'sns';
}

/** The same errors under the names of SQS and SNS, by S3's. */
const otherNames: Readonly<Record<string, { sqs: string; sns: string }>> = {
  AccessDenied: { sqs: 'AccessDeniedException', sns: 'AuthorizationError' },
  ExpiredToken: { sqs: 'ExpiredTokenException', sns: 'ExpiredToken' },
  InvalidAccessKeyId: { sqs: 'UnrecognizedClientException', sns: 'InvalidClientTokenId' },
  InvalidToken: { sqs: 'UnrecognizedClientException', sns: 'InvalidClientTokenId' },
  RequestTimeTooSkewed: { sqs: 'InvalidSignatureException', sns: 'SignatureDoesNotMatch' },
  SignatureDoesNotMatch: { sqs: 'InvalidSignatureException', sns: 'SignatureDoesNotMatch' },
};

/** A refusal in the words of the service that was called. */
export function render(
  { status, code, message }: Refusal,
  call: Call,
): { status: number; headers: Record<string, string>; body: string } {
  const service = serviceOf(call);
  const date = new Date().toUTCString();
  if (service === 'sqs') {
    const name = otherNames[code]?.sqs ?? code;
    const headers = { date, 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': name };
    return { status, headers, body: JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message }) };
  }
  const headers = { date, 'content-type': 'application/xml' };
  const name = service === 's3' ? code : (otherNames[code]?.sns ?? code);
  const error = `<Error><Code>${name}</Code><Message>${escapeXml(message)}</Message></Error>`;
  // An answer to HEAD has no body.
  if (service === 's3') return { status, headers, body: call.method === 'HEAD' ? '' : error };
  return { status, headers, body: `<ErrorResponse>${error}</ErrorResponse>` };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
