import { z } from 'zod';
import { lanesOf } from '../../../cli/farm/lanes.ts';
import { laneNames } from '../../../worker/src/protocol/lanes.ts';
import { isPassword } from '../auth/password.ts';
import { operator } from '../auth/person.ts';
import { json, nothing } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';

const sessionSchema = z.object({
  title: z.string(),
  name: z.string().nullable().describe('Who is signed in; null without a session'),
  signIn: z.enum(['password', 'oidc', 'link']).describe('How people sign in here'),
  seesAll: z.boolean().describe('Whether the films of others are shown, and the farm as a whole'),
  lanes: z
    .array(z.enum(laneNames))
    .describe('The priority lanes that `options.lane` of a job may name, the highest first'),
  signOutUrl: z.url().nullable().describe('Where the OpenID provider ends its own session; null without one'),
});

export function sessionRoutes(services: Services): Route[] {
  const { sessions, passwordHash, features, oidc } = services;
  return [
    route({
      id: 'getSession',
      method: 'GET',
      path: '/api/session',
      summary: 'Who is signed in',
      isOpen: true,
      answer: { status: 200, description: 'The session', schema: sessionSchema },
      handle: async ({ viewer, origin }) =>
        json({
          title: features.title,
          name: viewer?.name ?? null,
          signIn: signInOf(services),
          seesAll: viewer !== undefined && (!services.ownFilmsOnly || viewer.isAdmin),
          lanes: laneNames.filter((lane) =>
            lanesOf(services.farm.address).some((each) => each.lane === lane),
          ),
          signOutUrl: (viewer && (await signOutUrl(services, origin))) ?? null,
        }),
    }),
    route({
      id: 'signIn',
      method: 'POST',
      path: '/api/session',
      summary: 'Sign in with the password; the answer sets a cookie',
      isOpen: true,
      isAudited: true,
      body: z.strictObject({ password: z.string().min(1).max(1000) }),
      answer: { status: 204, description: 'Signed in' },
      handle: async ({ body, origin, request, ip, identify }) => {
        if (passwordHash === undefined)
          throw new Problem(
            403,
            'no-password',
            oidc === undefined
              ? 'This portal has no password. Sign in by a link from "farm open".'
              : 'This portal has no password. Sign in at /sign-in/oidc.',
          );
        slowDown(services, request, origin, ip);
        if (!(await isPassword(body.password, passwordHash))) {
          services.signInThrottle.noteFailure();
          throw new Problem(401, 'wrong-password', 'The password is wrong.');
        }
        services.signInThrottle.noteSuccess(ip);
        identify('password');
        return withCookies(nothing(), [
          sessions.begin(operator('password'), origin),
          sessions.knowDevice(origin),
        ]);
      },
    }),
    route({
      id: 'signOut',
      method: 'DELETE',
      path: '/api/session',
      summary: 'Sign out; the cookie is not valid any more',
      isAudited: true,
      answer: { status: 204, description: 'Signed out' },
      handle: ({ viewer, origin }) =>
        nothing(viewer?.by === 'cookie' ? { 'set-cookie': sessions.end(viewer, origin) } : {}),
    }),
    route({
      id: 'signInByLink',
      method: 'GET',
      path: '/sign-in/{code}',
      summary: 'Sign in by a link that is valid once',
      isOpen: true,
      isAudited: true,
      query: z.object({ to: z.string().optional() }),
      answer: { status: 303, description: 'To the page' },
      handle: ({ params, query, origin, viewer, request, ip, identify }) => {
        const location = localPath(query.to);
        if (viewer === undefined) slowDown(services, request, origin, ip);
        const person = sessions.useSignInCode(params.code ?? '');
        // Whoever clicks the link a second time is signed in already.
        if (person === undefined && viewer === undefined) return redirect('/sign-in?link=used');
        if (person === undefined) return redirect(location);
        identify(person.name);
        return redirect(location, [sessions.begin(person, origin)]);
      },
    }),
    route({
      id: 'createToken',
      method: 'POST',
      path: '/api/tokens',
      summary: 'Make a bearer token for a program',
      isAudited: true,
      body: z.strictObject({
        name: z.string().min(1).max(100).describe('Named in the audit log'),
        days: z.number().int().min(1).max(366).default(90),
      }),
      answer: {
        status: 201,
        description: 'The token, shown only here',
        schema: z.object({ token: z.string() }),
      },
      handle: ({ body, viewer }) => {
        if (viewer?.by !== 'cookie')
          throw new Problem(403, 'no-token-by-token', 'A token makes no other token. Sign in as a person.');
        const token = sessions.makeApiToken(`${body.name} (${viewer.name})`, viewer, body.days);
        return json({ token }, 201);
      },
    }),
  ];
}

function signInOf({ passwordHash, oidc }: Services): 'password' | 'oidc' | 'link' {
  if (oidc !== undefined) return 'oidc';
  return passwordHash === undefined ? 'link' : 'password';
}

/** A provider that does not answer keeps no one from the page. */
function signOutUrl({ oidc, onError }: Services, origin: URL): Promise<string | undefined> | undefined {
  return oidc?.signOutUrl(new URL('/sign-in', origin)).catch((error: unknown) => {
    onError(error);
    return undefined;
  });
}

/** @throws Problem */
function slowDown({ signInThrottle, sessions }: Services, request: Request, origin: URL, ip: string): void {
  const seconds = signInThrottle.take(ip, sessions.readDevice(request, origin));
  if (seconds === 0) return;
  throw new Problem(429, 'too-many-attempts', `Too many sign-ins. Try again in ${seconds} s.`, {
    'retry-after': String(seconds),
  });
}

export function redirect(location: string, cookies: readonly string[] = []): Response {
  return withCookies(
    new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } }),
    cookies,
  );
}

function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const each of cookies) response.headers.append('set-cookie', each);
  return response;
}

/** A path of this host; `//host`, `/\host` and whole addresses would lead elsewhere. */
export function localPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\w\-./~%?=&]*$/.test(to) ? to : '/';
}
