import { UserError } from '../../cli/errors.ts';
import { linkClient } from '../../cli/farm/buckets.ts';
import type { Farm } from '../../cli/farm/farm.ts';
import { readUploadFilters } from '../../cli/submit/uploads.ts';
import { assertMay } from './api/access.ts';
import { deliveryRoutes } from './api/deliveries.ts';
import { estimateRoutes } from './api/estimate.ts';
import { farmRoutes } from './api/farm.ts';
import { filmRoutes } from './api/films.ts';
import { jobRoutes } from './api/jobs.ts';
import { oidcRoutes } from './api/oidc.ts';
import { sessionRoutes } from './api/session.ts';
import { subtitleRoutes } from './api/subtitles.ts';
import { uploadRoutes } from './api/uploads.ts';
import { type OidcOptions, OidcSignIn } from './auth/oidc.ts';
import { RateLimit } from './auth/rate-limit.ts';
import { assertSameOrigin } from './auth/same-origin.ts';
import { Sessions } from './auth/sessions.ts';
import { clientOf, SignInThrottle } from './auth/sign-in-throttle.ts';
import { Tokens } from './auth/tokens.ts';
import { readMachine } from './farm/machine.ts';
import { Owners } from './farm/owners.ts';
import { askClock, originOf } from './farm/presigner.ts';
import { RecentReads } from './farm/recent-reads.ts';
import { Remembered } from './farm/remembered.ts';
import { json } from './http/answers.ts';
import { openApiDocument } from './http/openapi.ts';
import { PageFiles } from './http/page-files.ts';
import { Problem } from './http/problem.ts';
import { checkHeaders, findRoute, maxBodyBytes, type Route, readBody, readQuery } from './http/route.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { Features, Services } from './services.ts';

export interface PortalOptions {
  farm: Farm;
  /** Signs sessions and links; 32 random bytes or more. */
  signingKey: string;
  /** Where people sign in with a password: as `hashPassword` gives it. */
  passwordHash?: string | undefined;
  /** Where people sign in by an OpenID provider, in place of a password. */
  oidc?: OidcOptions | undefined;
  /** People see only the films that they sent, unless they are administrators. @default false */
  ownFilmsOnly?: boolean;
  features: Features;
  /** Origins under which it is reached; requests for other hosts are refused. None: all. */
  origins?: readonly string[];
  audit?(entry: AuditEntry): void;
  /** Milliseconds since 1970, for limits. */
  now?: () => number;
  /** Called with what went wrong inside. */
  onError?(error: unknown): void;
}

/** Who did what, for every action that changes something. */
export interface AuditEntry {
  at: string;
  action: string;
  who: string;
  ip: string;
  path: string;
  status: number;
}

export interface Portal {
  /** @param ip of the client */
  handle(request: Request, ip: string): Promise<Response>;
  /** A path that signs in once, in this process. @param to where it leads */
  signInPath(name: string, to?: string): string;
  /** A path that shows one film without a sign-in. */
  sharePath(job: string, seconds: number): string;
  openApi(): object;
}

/** A portal with its buckets. */
export interface OpenPortal extends Portal {
  /** For hosts whose clock may be wrong: links are signed by that of the storage from then on. */
  askClock(): Promise<void>;
}

/** The portal as one function from requests to responses; hosts only carry them. */
export function createPortal(options: PortalOptions): OpenPortal {
  const { farm, features, onError, now = Date.now } = options;
  const tokens = new Tokens(options.signingKey);
  const sessions = new Sessions(tokens, { needsOwner: options.oidc !== undefined });
  const links = { source: linkClient(farm.address, 'source'), output: linkClient(farm.address, 'output') };
  const services: Services = {
    farm,
    links,
    tokens,
    sessions,
    features,
    machine: new Remembered(() => readMachine(farm), machineMs, now),
    recent: new RecentReads(),
    now,
    passwordHash: options.passwordHash,
    oidc: options.oidc && new OidcSignIn(options.oidc),
    signInThrottle: new SignInThrottle(now),
    owners: new Owners(farm),
    ownFilmsOnly: options.ownFilmsOnly ?? false,
    onError: (error) => onError?.(error),
    uploadFilters: once(() => readUploadFilters(farm)),
  };
  const routes = [
    ...oidcRoutes(services),
    ...sessionRoutes(services),
    ...uploadRoutes(services),
    ...jobRoutes(services),
    ...deliveryRoutes(services),
    ...filmRoutes(services),
    ...subtitleRoutes(services),
    ...estimateRoutes(services),
    ...farmRoutes(services),
  ];
  const calls = new RateLimit(600, 1200, now);
  const page = new PageFiles();
  const storage = once(async () => {
    const { sourceBucket, outputBucket } = farm.address;
    const origins = [originOf(links.source, sourceBucket), originOf(links.output, outputBucket)];
    return [...new Set(await Promise.all(origins))];
  });

  async function answer(request: Request, ip: string): Promise<Response> {
    const url = new URL(request.url);
    assertOwnHost(url, options.origins);
    if (url.pathname === '/health') return json({ status: 'ok' });
    if (url.pathname === '/openapi.json') return json(openApiDocument(routes, features.title));
    const found = findRoute(routes, request.method, url.pathname);
    if (found === undefined) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const file = isRead
        ? (page.answer(request, url.pathname) ?? page.answerNothing(request, url.pathname))
        : undefined;
      if (file !== undefined) return file;
      throw new Problem(404, 'no-such-page', 'There is no such page.');
    }
    return call(found.route, found.params, request, url, ip);
  }

  async function call(
    found: Route,
    params: Record<string, string>,
    request: Request,
    url: URL,
    ip: string,
  ): Promise<Response> {
    const viewer = sessions.read(request, url);
    limit(viewer?.token ?? clientOf(ip));
    const isRead = found.method === 'GET';
    let who = viewer?.name ?? 'anonymous';
    const identify = (name: string) => {
      who = name;
    };
    const audited = found.isAudited ? (status: number) => record(found, who, url, ip, status) : undefined;
    try {
      if (!isRead && viewer?.by !== 'bearer') assertSameOrigin(request, url);
      if (!found.isOpen && viewer === undefined) throw new Problem(401, 'not-signed-in', 'Sign in first.');
      if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes)
        throw new Problem(413, 'body-too-large', `The body is larger than ${maxBodyBytes} bytes.`);
      if (!found.isOpen) await assertMay(services, found, params.id, viewer);
      const body = await readBody(request, found.body);
      checkHeaders(request, found.headers);
      const query = readQuery(url, found.query);
      const input = { request, origin: new URL(url.origin), params, body, query, viewer, ip, identify };
      const response = await found.handle(input as never);
      audited?.(response.status);
      return response;
    } catch (error) {
      const problem = asProblem(error, onError);
      audited?.(problem.status);
      throw problem;
    } finally {
      if (found.isAudited) services.recent.forget();
    }
  }

  function limit(client: string): void {
    const seconds = calls.take(client);
    if (seconds === 0) return;
    throw new Problem(429, 'too-many-requests', `Too many requests. Try again in ${seconds} s.`, {
      'retry-after': String(seconds),
    });
  }

  function record({ id }: Route, who: string, url: URL, ip: string, status: number): void {
    // Codes and tokens are in some paths.
    const path = url.pathname.replace(/^(\/sign-in\/(?!oidc\b)|\/api\/uploads\/)[^/]+/, '$1…');
    const at = new Date().toISOString();
    options.audit?.({ at, action: id, who, ip, path, status });
  }

  return {
    async handle(request, ip) {
      const response = await answer(request, ip).catch((error: unknown) =>
        asProblem(error, onError).toResponse(),
      );
      const isSecure = new URL(request.url).protocol === 'https:';
      const origins = await storage().catch(() => []);
      const { encryptionKeyUrl } = farm.address;
      const keys = encryptionKeyUrl === undefined ? undefined : new URL(encryptionKeyUrl).origin;
      for (const [name, value] of Object.entries(securityHeaders({ storage: origins, keys, isSecure })))
        response.headers.set(name, value);
      return request.method === 'HEAD' ? new Response(null, response) : response;
    },
    signInPath: (name, to = '/') =>
      `/sign-in/${sessions.makeShortCode(name, signInSeconds)}${to === '/' ? '' : `?to=${encodeURIComponent(to)}`}`,
    sharePath: (job, seconds) => `/share/${tokens.make('share', { job }, seconds)}`,
    async askClock() {
      const { sourceBucket, outputBucket } = farm.address;
      await Promise.all([askClock(links.source, sourceBucket), askClock(links.output, outputBucket)]);
    },
    openApi: () => openApiDocument(routes, features.title),
  };
}

const machineMs = 5 * 60_000;

/** A link that is printed at the start of a command, and clicked at any time while it runs. */
const signInSeconds = 24 * 3600;

/** What a page of another name may reach by a name that leads here ("DNS rebinding"). @throws Problem */
function assertOwnHost(url: URL, origins: readonly string[] | undefined): void {
  if (origins === undefined || origins.includes(url.origin) || url.pathname === '/health') return;
  throw new Problem(421, 'wrong-host', `This portal is not ${url.origin}. Use ${origins[0]}.`);
}

function asProblem(error: unknown, onError: PortalOptions['onError']): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UserError) return new Problem(409, 'refused', error.message);
  onError?.(error);
  const isStorage = error instanceof Error && '$metadata' in error;
  return isStorage
    ? new Problem(502, 'farm-not-reachable', 'The farm does not answer as it should. Try again in a minute.')
    : new Problem(500, 'internal-error', 'Something went wrong inside the portal. Its log has the reason.');
}

/** Asks once; again after a failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
