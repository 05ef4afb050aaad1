import { RefusedError } from '../../worker/src/errors.ts';
import { StorageError } from '../../worker/src/storage/errors.ts';
import { UserError } from '../errors.ts';
import { fileProblem } from '../text/file-problem.ts';
import { printable } from '../text/style.ts';

const noAnswer = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** What the user can fix, in a sentence; undefined for a bug of the program. */
export function sentence(error: unknown): string | undefined {
  if (error instanceof UserError) return error.message;
  if (error instanceof RefusedError) return printable(error.message);
  const cause = error instanceof StorageError ? error.cause : error;
  const { name, message, code, $metadata } = cause as Error & { code?: string; $metadata?: object };
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return `AWS credentials are missing: ${message}. Log in ("aws sso login"), or choose a profile: --profile NAME, or AWS_PROFILE.`;
  }
  if (code !== undefined && noAnswer.has(code)) {
    return `The farm does not answer (${printable(message || code)}). Does it still exist, and is this machine online? "farm demo --keep" starts one here.`;
  }
  if (error instanceof StorageError) return printable(error.message);
  const problem = fileProblem(cause);
  if (problem !== undefined) return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`;
  if ($metadata !== undefined) return `AWS rejected the request (${name}): ${printable(message)}`;
  return undefined;
}
