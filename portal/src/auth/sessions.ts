import { randomInt } from 'node:crypto';
import type { Tokens } from './tokens.ts';

/** Who makes a request. */
export interface Viewer {
  name: string;
  /** A browser sends its cookie without being asked, so its requests are checked for where they come from. */
  by: 'cookie' | 'bearer';
  token: string;
}

const sessionSeconds = 12 * 3600;
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

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** Always a new token: one that was set before the sign-in never becomes a session. */
  begin(name: string, origin: URL): string {
    return cookie(origin, this.#tokens.make('session', { name }, sessionSeconds), sessionSeconds);
  }

  /** Signs out here at once. Other copies of the portal accept a stolen cookie until it expires. */
  end(viewer: Viewer, origin: URL): string {
    const claims = this.#tokens.read<object>('session', viewer.token);
    if (claims !== undefined) this.#spend(claims.nonce, claims.expires);
    return cookie(origin, '', 0);
  }

  read(request: Request, origin: URL): Viewer | undefined {
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (bearer !== undefined) {
      const claims = this.#tokens.read<{ name: string }>('api', bearer);
      return claims && { name: claims.name, by: 'bearer', token: bearer };
    }
    const token = readCookie(request.headers.get('cookie') ?? '', cookieName(origin));
    const claims = token === undefined ? undefined : this.#tokens.read<{ name: string }>('session', token);
    if (token === undefined || claims === undefined || this.#spent.has(claims.nonce)) return undefined;
    return { name: claims.name, by: 'cookie', token };
  }

  makeApiToken(name: string, days: number): string {
    return this.#tokens.make('api', { name }, days * 24 * 3600);
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

  /** @returns the name of who signs in; undefined where the code is not valid or was used before */
  useSignInCode(code: string): string | undefined {
    const short = this.#codes.get(code);
    this.#codes.delete(code);
    if (short !== undefined) return short.expires > Date.now() / 1000 ? short.name : undefined;
    const claims = this.#tokens.read<{ name: string }>('sign-in', code);
    if (claims === undefined || this.#spent.has(claims.nonce)) return undefined;
    this.#spend(claims.nonce, claims.expires);
    return claims.name;
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
function cookieName({ protocol, port }: URL): string {
  return protocol === 'https:' ? '__Host-farm' : `farm-${port || '80'}`;
}

function cookie(origin: URL, value: string, seconds: number): string {
  const secure = origin.protocol === 'https:' ? '; Secure' : '';
  return `${cookieName(origin)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

function readCookie(header: string, name: string): string | undefined {
  return header
    .split(/; */)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
