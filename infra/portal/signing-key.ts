import { hkdfSync } from 'node:crypto';
import type * as pulumi from '@pulumi/pulumi';

/**
 * The key that signs sessions, tokens and share links, made from the secret by which people sign in: so no other secret has to
 * be kept, and a new password ends all of them, as it should. The hash of a password is as good as random: its salt and its digest are.
 */
export function signingKeyOf(secret: pulumi.Output<string>): pulumi.Output<string> {
  return secret.apply((text) =>
    Buffer.from(hkdfSync('sha256', text, '', 'portal sessions and links', 32)).toString('base64url'),
  );
}
