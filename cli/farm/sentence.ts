import { RefusedError } from '../../worker/src/errors.ts';
import { StorageError } from '../../worker/src/storage/errors.ts';
import { UserError } from '../errors.ts';
import { printable } from '../text/style.ts';

const noAnswer = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** What people can mend, in a sentence; undefined for mistakes of the program. */
export function sentence(error: unknown): string | undefined {
  if (error instanceof UserError) return error.message;
  if (error instanceof RefusedError) return printable(error.message);
  const cause = error instanceof StorageError ? error.cause : error;
  const { name, message, code, $metadata } = cause as Error & { code?: string; $metadata?: object };
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return `There are no AWS credentials: ${message}. Log in ("aws sso login"), or set AWS_PROFILE.`;
  }
  if (code !== undefined && noAnswer.has(code)) {
    return `The farm does not answer (${printable(message || code)}). Is it still there, and this machine on the network? "farm demo --keep" starts one here.`;
  }
  if (error instanceof StorageError) return printable(error.message);
  if ($metadata !== undefined) return `The cloud says no (${name}): ${printable(message)}`;
  return undefined;
}
