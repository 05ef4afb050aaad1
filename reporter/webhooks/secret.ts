import { z } from 'zod';

/**
 * Secrets that sign webhooks, separated by spaces: "whsec_" and the base64 of 24 to 64 random bytes each.
 * Standard Webhooks 1.0.0, "Signature scheme".
 */
export const webhookSecretsSchema = z
  .string()
  .refine(
    (text) => webhookSecrets(text).every(isWebhookSecret),
    'expected "whsec_" and the base64 of 24 to 64 bytes (several separated by spaces)',
  );

export function webhookSecrets(text: string): string[] {
  return text.trim().split(/\s+/);
}

function isWebhookSecret(secret: string): boolean {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (base64 === undefined) return false;
  const bytes = Buffer.from(base64, 'base64').length;
  return bytes >= 24 && bytes <= 64;
}
