import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import type { Person } from './person.ts';

export interface OidcOptions {
  /** As the provider writes it in its tokens, such as `https://accounts.google.com`. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  scopes: readonly string[];
  /** The claim that lists a person's groups. */
  groupsClaim: string;
  /** Of e-mail addresses; empty: all. */
  allowedDomains: readonly string[];
  /** Empty: all. Who is of an allowed domain or in an allowed group may sign in. */
  allowedGroups: readonly string[];
  /** Groups and e-mail addresses of those who see all films. */
  admins: readonly string[];
}

/** What the browser keeps between the way to the provider and the way back, in a signed cookie. */
export interface OidcAttempt {
  state: string;
  /** Not `nonce`, as every signed token has one of its own. */
  idTokenNonce: string;
  verifier: string;
  /** A path of the portal. */
  to: string;
}

/** The provider knows the person, and the portal's settings keep them out. */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
  readonly person: string;

  constructor(person: string, why: string) {
    super(why);
    this.person = person;
  }
}

const timeoutSeconds = 10;

/** Sign-in by an OpenID provider: authorization code with PKCE, state and nonce. */
export class OidcSignIn {
  readonly #options: OidcOptions;
  #provider: Promise<client.Configuration> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** @returns where the browser goes, and what it has to bring back */
  async begin(callback: URL, to: string): Promise<{ location: URL; attempt: OidcAttempt }> {
    const provider = await this.#discover();
    const attempt = {
      state: client.randomState(),
      idTokenNonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      to,
    };
    const location = client.buildAuthorizationUrl(provider, {
      redirect_uri: callback.href,
      scope: this.#options.scopes.join(' '),
      state: attempt.state,
      nonce: attempt.idTokenNonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { location, attempt };
  }

  /**
   * @param answer the callback's address, as the browser came to it
   * @throws NotAllowedError; an error of openid-client for what is not an answer to this attempt
   */
  async finish(answer: URL, attempt: OidcAttempt): Promise<Person> {
    const provider = await this.#discover();
    const tokens = await client.authorizationCodeGrant(provider, answer, {
      expectedState: attempt.state,
      expectedNonce: attempt.idTokenNonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('The provider sent no ID token.');
    const more =
      claims.email === undefined && provider.serverMetadata().userinfo_endpoint !== undefined
        ? await client.fetchUserInfo(provider, tokens.access_token, claims.sub)
        : {};
    return personOf({ ...more, ...claims }, this.#options);
  }

  /** Where the provider ends its own session too; undefined where it has no such address. */
  async signOutUrl(back: URL): Promise<string | undefined> {
    const provider = await this.#discover();
    if (provider.serverMetadata().end_session_endpoint === undefined) return undefined;
    return client.buildEndSessionUrl(provider, { post_logout_redirect_uri: back.href }).href;
  }

  /** Once; again after a failure. */
  #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const server = new URL(issuer);
    this.#provider ??= client
      .discovery(server, clientId, undefined, client.ClientSecretBasic(clientSecret), {
        timeout: timeoutSeconds,
        // Settings allow http on this machine alone.
        ...(server.protocol === 'http:' && { execute: [client.allowInsecureRequests] }),
      })
      .catch((error: unknown) => {
        this.#provider = undefined;
        throw error;
      });
    return this.#provider;
  }
}

type Claims = Readonly<Record<string, unknown>> & { sub: string };

/** @throws NotAllowedError */
export function personOf(
  claims: Claims,
  options: Omit<OidcOptions, 'clientId' | 'clientSecret' | 'scopes'>,
): Person {
  const { issuer, groupsClaim, allowedDomains, allowedGroups, admins } = options;
  const claimed = typeof claims.email === 'string' ? claims.email.toLowerCase() : undefined;
  // What a person may have typed themselves opens nothing. Some providers send the text.
  const isVerified = claims.email_verified === true || claims.email_verified === 'true';
  const email = isVerified ? claimed : undefined;
  const groups = textsIn(claims[groupsClaim]);
  const name = claimed ?? (typeof claims.name === 'string' ? claims.name : claims.sub);
  const isOfDomain = allowedDomains.includes(email?.split('@').at(-1) ?? '');
  const isOfGroup = groups.some((group) => allowedGroups.includes(group));
  const isAdmin = admins.some((admin) => (admin.includes('@') ? admin === email : groups.includes(admin)));
  const isOpen = allowedDomains.length === 0 && allowedGroups.length === 0;
  if (!isOpen && !isOfDomain && !isOfGroup && !isAdmin)
    throw new NotAllowedError(name, `${name} is in no domain and no group that may use this portal.`);
  const owner = createHash('sha256').update(`${issuer}\n${claims.sub}`).digest('base64url').slice(0, 32);
  return { name: name.slice(0, 200), owner, isAdmin };
}

function textsIn(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}
