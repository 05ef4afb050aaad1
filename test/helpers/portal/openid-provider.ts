import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** A person whom the provider knows: the claims of their tokens. */
export interface Account {
  sub: string;
  email?: string;
  email_verified?: boolean;
  groups?: string[];
}

export interface OpenIdProvider extends AsyncDisposable {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Who is at the keyboard: the provider's own sign-in page lets them in at once. */
  account: Account;
  /**
   * What a browser does there: follows redirects of the provider and keeps its cookies.
   * @returns the first address that is elsewhere
   */
  visit(address: string): Promise<URL>;
}

const clientId = 'films';
const clientSecret = 'sesame-client-secret-sesame';

/** A certified OpenID provider on loopback, with one client. @param callbacks where it may send people back */
export async function startOpenIdProvider(callbacks: string[], signedOut: string[]): Promise<OpenIdProvider> {
  const accounts = new Map<string, Account>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: callbacks,
        post_logout_redirect_uris: signedOut,
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    cookies: { keys: ['key'] },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...accounts.get(sub), sub }) }),
    // No one is asked whether the portal may know their name.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email groups');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return handle(request, response);
    accounts.set(made.account.sub, made.account);
    await provider.interactionFinished(request, response, { login: { accountId: made.account.sub } });
  });
  const made: OpenIdProvider = {
    ...{ issuer, clientId, clientSecret },
    account: { sub: 'ada' },
    async visit(address) {
      const jar = new Map<string, string>();
      let at = new URL(address);
      while (at.origin === issuer) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(at, { headers: { cookie }, redirect: 'manual' });
        for (const each of answer.headers.getSetCookie()) {
          const [name = '', value = ''] = each.split(';')[0]?.split('=') ?? [];
          jar.set(name, value);
        }
        const location = answer.headers.get('location');
        if (location === null) throw new Error(`${at.pathname}: ${answer.status} ${await answer.text()}`);
        at = new URL(location, at);
      }
      return at;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return made;
}
