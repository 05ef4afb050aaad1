import { z } from 'zod';
import { isPassword } from '../auth/password.ts';
import { json, nothing } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';

const sessionSchema = z.object({
  title: z.string(),
  name: z.string().nullable().describe('Who is signed in; null without a session'),
  signIn: z.enum(['password', 'link']).describe('How people sign in here'),
});

export function sessionRoutes(services: Services): Route[] {
  const { sessions, passwordHash, features } = services;
  return [
    route({
      id: 'getSession',
      method: 'GET',
      path: '/api/session',
      summary: 'Who is signed in',
      isOpen: true,
      answer: { status: 200, description: 'The session', schema: sessionSchema },
      handle: ({ viewer }) =>
        json({
          title: features.title,
          name: viewer?.name ?? null,
          signIn: passwordHash === undefined ? 'link' : 'password',
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
      handle: async ({ body, origin, ip }) => {
        if (passwordHash === undefined)
          throw new Problem(
            403,
            'no-password',
            'This portal has no password. Sign in by a link from "farm open".',
          );
        slowDown(services, ip);
        if (!(await isPassword(body.password, passwordHash)))
          throw new Problem(401, 'wrong-password', 'The password is wrong.');
        return nothing({ 'set-cookie': sessions.begin('password', origin) });
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
      handle: ({ params, query, origin, viewer, ip }) => {
        const location = localPath(query.to);
        if (viewer === undefined) slowDown(services, ip);
        const name = sessions.useSignInCode(params.code ?? '');
        // Whoever clicks the link a second time is signed in already.
        if (name === undefined && viewer === undefined) return redirect('/sign-in?link=used');
        if (name === undefined) return redirect(location);
        return redirect(location, { 'set-cookie': sessions.begin(name, origin) });
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
        return json({ token: sessions.makeApiToken(body.name, body.days) }, 201);
      },
    }),
  ];
}

/** @throws Problem. Guesses from many addresses meet the second limit. */
function slowDown({ signInLimit, allSignInsLimit }: Services, ip: string): void {
  const seconds = signInLimit.take(ip) || allSignInsLimit.take('all');
  if (seconds === 0) return;
  throw new Problem(429, 'too-many-attempts', `Too many sign-ins. Try again in ${seconds} s.`, {
    'retry-after': String(seconds),
  });
}

function redirect(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store', ...headers } });
}

/** A path of this host; `//host`, `/\host` and whole addresses would lead elsewhere. */
export function localPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\w\-./~%?=&]*$/.test(to) ? to : '/';
}
