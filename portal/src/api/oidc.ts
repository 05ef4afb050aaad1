import { z } from 'zod';
import { NotAllowedError, type OidcAttempt } from '../auth/oidc.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { localPath, redirect } from './session.ts';

/** As long as people look for their password at the provider. */
const attemptSeconds = 15 * 60;

/**
 * Sign-in by an OpenID provider: there and back. Nothing can be guessed here, so the limits of guesses don't count: all people of
 * an office may come from one address. Before the routes of links, whose paths are like these.
 */
export function oidcRoutes(services: Services): Route[] {
  const { oidc, sessions, tokens, onError } = services;
  if (oidc === undefined) return [];
  return [
    route({
      id: 'beginOidcSignIn',
      method: 'GET',
      path: '/sign-in/oidc',
      summary: 'To the OpenID provider, which leads back to the callback',
      isOpen: true,
      query: z.object({ to: z.string().optional() }),
      answer: { status: 303, description: 'To the provider' },
      handle: async ({ query, origin }) => {
        const { location, attempt } = await oidc.begin(callbackOf(origin), localPath(query.to));
        const cookie = sessions.attemptCookie(
          origin,
          tokens.make('oidc', attempt, attemptSeconds),
          attemptSeconds,
        );
        return redirect(location.href, [cookie]);
      },
    }),
    route({
      id: 'oidcSignIn',
      method: 'GET',
      path: '/sign-in/oidc/callback',
      summary: 'Where the OpenID provider sends the browser; sets the session',
      isOpen: true,
      isAudited: true,
      answer: { status: 303, description: 'To the page' },
      handle: async ({ request, origin, identify }) => {
        const again = sessions.attemptCookie(origin, '', 0);
        // Only the browser that began can end it: who sends others a link of theirs signs no one in.
        const attempt = tokens.read<OidcAttempt>('oidc', sessions.readAttempt(request, origin) ?? '');
        if (attempt === undefined || !sessions.spendOnce(attempt)) return fail('expired', [again]);
        const answer = new URL(callbackOf(origin));
        answer.search = new URL(request.url).search;
        try {
          const person = await oidc.finish(answer, attempt);
          identify(person.name);
          return redirect(localPath(attempt.to), [again, sessions.begin(person, origin)]);
        } catch (error) {
          if (error instanceof NotAllowedError) {
            identify(error.person);
            return fail('not-allowed', [again]);
          }
          onError(error);
          return fail('failed', [again]);
        }
      },
    }),
  ];
}

function callbackOf(origin: URL): URL {
  return new URL('/sign-in/oidc/callback', origin);
}

/** The page says it in words. */
function fail(problem: 'expired' | 'not-allowed' | 'failed', cookies: string[]): Response {
  return redirect(`/sign-in?problem=${problem}`, cookies);
}
