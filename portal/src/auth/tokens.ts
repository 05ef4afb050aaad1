import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token is for. A token of one kind is never valid as another. */
export type TokenKind = 'session' | 'api' | 'sign-in' | 'share' | 'upload' | 'cursor' | 'oidc' | 'device';

export interface TokenClaims {
  /** In seconds since 1970; the token is valid before it. */
  expires: number;
  /** Distinguishes two tokens with the same content. */
  nonce: string;
}

/** Makes and reads signed tokens: the portal keeps no sessions, so every copy of it knows every token. */
export class Tokens {
  readonly #key: string;
  readonly #now: () => number;

  /** @param key at least 32 random bytes, in any encoding; another key makes every token invalid */
  constructor(key: string, now: () => number = Date.now) {
    if (key.length < 32) throw new TypeError(`The signing key has ${key.length} characters; use 32 or more.`);
    this.#key = key;
    this.#now = now;
  }

  make(kind: TokenKind, content: object, seconds: number): string {
    const claims = {
      ...content,
      expires: this.expiryIn(seconds),
      nonce: randomBytes(12).toString('base64url'),
    };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${body}.${this.#sign(kind, body)}`;
  }

  /** @returns undefined for a token that is forged, of another kind, or expired */
  read<T extends object>(kind: TokenKind, token: string): (T & TokenClaims) | undefined {
    const [, body = '', signature = ''] = /^([\w-]{1,4096})\.([\w-]{43})$/.exec(token) ?? [];
    // As texts: the last character has bits that mean nothing, so several texts are the same bytes.
    const expected = Buffer.from(this.#sign(kind, body));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as T & TokenClaims;
    return claims.expires > this.#now() / 1000 ? claims : undefined;
  }

  expiryIn(seconds: number): number {
    return Math.floor(this.#now() / 1000) + seconds;
  }

  #sign(kind: TokenKind, body: string): string {
    return createHmac('sha256', this.#key).update(`${kind}.${body}`).digest('base64url');
  }
}
