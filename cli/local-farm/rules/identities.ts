import { randomBytes } from 'node:crypto';
import type { Policy } from './policy.ts';

/** Somebody with an access key. */
export interface Identity {
  secretAccessKey: string;
  /** What it may do. */
  policies: readonly Policy[];
  /** Temporary credentials have a token and an end. */
  session?: { token: string; expiresAt: Date };
}

/** As the endpoints for credentials of containers answer: AWS SDK reference, "Container credential provider". */
export interface IssuedCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  Expiration: string;
}

const everything: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** Who may call, by access key. */
export class Identities {
  readonly #byKey = new Map<string, Identity>();
  readonly #roles = new Map<string, readonly Policy[]>();

  /** @param policies without them, it may do everything */
  addUser(accessKeyId: string, secretAccessKey: string, policies: readonly Policy[] = [everything]): void {
    this.#byKey.set(accessKeyId, { secretAccessKey, policies });
  }

  addRole(name: string, policies: readonly Policy[]): void {
    this.#roles.set(name, policies);
  }

  /**
   * Credentials of a role for a while.
   * @param announcedSeconds when they say that they end, if not when they do: a revoked session ends before its time
   */
  issue(role: string, seconds: number, announcedSeconds = seconds): IssuedCredentials {
    const policies = this.#roles.get(role);
    if (policies === undefined) throw new Error(`There is no role "${role}".`);
    const AccessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const [SecretAccessKey, Token] = [randomBytes(30).toString('base64'), randomBytes(60).toString('base64')];
    const end = (after: number) => new Date(Date.now() + after * 1000);
    const session = { token: Token, expiresAt: end(seconds) };
    this.#byKey.set(AccessKeyId, { secretAccessKey: SecretAccessKey, policies, session });
    return { AccessKeyId, SecretAccessKey, Token, Expiration: end(announcedSeconds).toISOString() };
  }

  /** All sessions end now, whatever they announced. */
  endSessions(): void {
    for (const { session } of this.#byKey.values()) if (session) session.expiresAt = new Date();
  }

  find(accessKeyId: string): Identity | undefined {
    return this.#byKey.get(accessKeyId);
  }
}
