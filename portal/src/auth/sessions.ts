import { randomInt } from 'node:crypto';
import { operator, type Person } from './person.ts';
import type { TokenClaims, Tokens } from './tokens.ts';

/** Who makes a request. */
export interface Viewer extends Person {
  /** A browser sends its cookie without being asked, so its requests are checked for where they come from. */
  by: 'cookie' | 'bearer';
  token: string;
}

const sessionSeconds = 12 * 3600;
/** A browser is known for longer: it opens nothing, and only keeps guesses of others from slowing its own sign-in. */
const deviceSeconds = 180 * 24 * 3600;
const signInSeconds = 10 * 60;
/** 31 letters and digits that can't be taken for each other: 16 of them are 79 bits. */
const letters = '23456789abcdefghjkmnpqrstuvwxyz';
const shortCodeLength = 16;

/** Sessions in signed cookies, bearer tokens for programs, and links that sign in once. */
export class Sessions {
  readonly #tokens: Tokens;
  /** Links that were used, and sessions that were ended; by nonce, with the time at which the token ends anyway. */
  readonly #spent = new Map<string, number>();
  /** Codes that this process alone knows: short enough to be typed. */
  readonly #codes = new Map<string, { name: string; expires: number }>();

  /** Sessions and tokens of before people had names of their own are not valid any more. */
  readonly #needsOwner: boolean;

  constructor(tokens: Tokens, { needsOwner = false }: { needsOwner?: boolean } = {}) {
    this.#tokens = tokens;
    this.#needsOwner = needsOwner;
  }

  /** Always a new token: one that was set before the sign-in never becomes a session. */
  begin(person: Person, origin: URL): string {
    return cookie(origin, 'farm', this.#tokens.make('session', person, sessionSeconds), sessionSeconds);
  }

  /** Remembers that somebody signed in with this browser. */
  knowDevice(origin: URL): string {
    return cookie(origin, 'farm-device', this.#tokens.make('device', {}, deviceSeconds), deviceSeconds);
  }

  /** @returns what distinguishes a browser that has signed in before */
  readDevice(request: Request, origin: URL): string | undefined {
    const token = readCookie(request.headers.get('cookie') ?? '', cookieName(origin, 'farm-device'));
    return token === undefined ? undefined : this.#tokens.read('device', token)?.nonce;
  }

  /** What a browser keeps on its way to an OpenID provider and back. */
  attemptCookie(origin: URL, value: string, seconds: number): string {
    return cookie(origin, 'farm-oidc', value, seconds);
  }

  readAttempt(request: Request, origin: URL): string | undefined {
    return readCookie(request.headers.get('cookie') ?? '', cookieName(origin, 'farm-oidc'));
  }

  /** @returns false where a token was used before, in this process */
  spendOnce({ nonce, expires }: TokenClaims): boolean {
    if (this.#spent.has(nonce)) return false;
    this.#spend(nonce, expires);
    return true;
  }

  /** Signs out here at once. Other copies of the portal accept a stolen cookie until it expires. */
  end(viewer: Viewer, origin: URL): string {
    const claims = this.#tokens.read<object>('session', viewer.token);
    if (claims !== undefined) this.#spend(claims.nonce, claims.expires);
    return cookie(origin, 'farm', '', 0);
  }

  read(request: Request, origin: URL): Viewer | undefined {
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (bearer !== undefined) {
      const claims = this.#tokens.read<Partial<Person>>('api', bearer);
      return claims && this.#viewer(claims, 'bearer', bearer);
    }
    const token = readCookie(request.headers.get('cookie') ?? '', cookieName(origin, 'farm'));
    const claims = token === undefined ? undefined : this.#tokens.read<Partial<Person>>('session', token);
    if (token === undefined || claims === undefined || this.#spent.has(claims.nonce)) return undefined;
    return this.#viewer(claims, 'cookie', token);
  }

  #viewer(
    { name = '', owner, isAdmin = false }: Partial<Person>,
    by: Viewer['by'],
    token: string,
  ): Viewer | undefined {
    if (this.#needsOwner && owner === undefined) return undefined;
    return { name, owner, isAdmin, by, token };
  }

  /** May what its maker may. */
  makeApiToken(name: string, { owner, isAdmin }: Person, days: number): string {
    const person: Person = { name, isAdmin, ...(owner !== undefined && { owner }) };
    return this.#tokens.make('api', person, days * 24 * 3600);
  }

  makeSignInCode(name: string, seconds = signInSeconds): string {
    return this.#tokens.make('sign-in', { name }, seconds);
  }

  /** A code that is valid in this process, once. */
  makeShortCode(name: string, seconds: number): string {
    const code = Array.from({ length: shortCodeLength }, () => letters[randomInt(letters.length)]).join('');
    this.#codes.set(code, { name, expires: Date.now() / 1000 + seconds });
    return code;
  }

  /** @returns who signs in; undefined where the code is not valid or was used before */
  useSignInCode(code: string): Person | undefined {
    const short = this.#codes.get(code);
    this.#codes.delete(code);
    if (short !== undefined) return short.expires > Date.now() / 1000 ? operator(short.name) : undefined;
    const claims = this.#tokens.read<{ name: string }>('sign-in', code);
    return claims !== undefined && this.spendOnce(claims) ? operator(claims.name) : undefined;
  }

  #spend(nonce: string, expires: number): void {
    for (const [old, until] of this.#spent) if (until < Date.now() / 1000) this.#spent.delete(old);
    this.#spent.set(nonce, expires);
  }
}

/**
 * `__Host-` binds a cookie to this very host and to HTTPS. On http, which is this machine alone, the port is part of the name,
 * for all ports of a host share their cookies.
 */
function cookieName({ protocol, port }: URL, name: CookieName): string {
  return protocol === 'https:' ? `__Host-${name}` : `${name}-${port || '80'}`;
}

type CookieName = 'farm' | 'farm-device' | 'farm-oidc';

function cookie(origin: URL, name: CookieName, value: string, seconds: number): string {
  const secure = origin.protocol === 'https:' ? '; Secure' : '';
  return `${cookieName(origin, name)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

function readCookie(header: string, name: string): string | undefined {
  return header
    .split(/; */)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
