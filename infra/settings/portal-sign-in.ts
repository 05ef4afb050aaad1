import { hashPattern } from '../../portal/src/auth/password.ts';
import type { PortalSignIn } from './portal.ts';
import type { SettingsReader } from './reader.ts';

const ofPassword = ['portalPasswordHash'] as const;
const ofOidc = [
  'portalOidcIssuer',
  'portalOidcClientId',
  'portalOidcClientSecret',
  'portalOidcScopes',
  'portalGroupsClaim',
  'portalAllowedDomains',
  'portalAllowedGroups',
  'portalAdmins',
  'portalOwnFilmsOnly',
] as const;

/** How people sign in. @returns undefined where there is no portal, or a mistake */
export function readSignIn(
  config: SettingsReader,
  kind: 'none' | 'function' | 'service',
): PortalSignIn | undefined {
  const by = config.choice('portalAuth', ['password', 'oidc']);
  const password = readPassword(config);
  const oidc = readOidc(config);
  if (kind === 'none') ignore(config, [...ofPassword, ...ofOidc], 'portal is "none"');
  else ignore(config, by === 'password' ? ofOidc : ofPassword, `portalAuth is "${by}"`);
  if (kind === 'none') return undefined;
  if (by === 'oidc') return checkOidc(config, oidc);
  if (password === undefined) {
    config.reject(
      'portalPasswordHash',
      `is not set, and portal "${kind}" needs it: its address is public, and without a password it would show everyone all films.`,
      '"$(npx farm portal-password)"',
      'secret',
    );
    return undefined;
  }
  return { by, passwordHash: password };
}

function ignore(config: SettingsReader, keys: readonly string[], because: string): void {
  const isDefault = (key: string) =>
    /^(|false|\[\])$/.test(config.text(key)) || config.text(key) === defaults[key];
  for (const key of keys) if (!isDefault(key)) config.ignore(key, because);
}

/** As Pulumi.yaml has them, for what is never empty. */
const defaults: Readonly<Record<string, string>> = {
  portalOidcScopes: '["openid","profile","email"]',
  portalGroupsClaim: 'groups',
};

function readPassword(config: SettingsReader) {
  return config.secret('portalPasswordHash', 'a hash as "farm portal-password" prints it', (value) =>
    hashPattern.test(value),
  );
}

type OidcTexts = ReturnType<typeof readOidc>;

function readOidc(config: SettingsReader) {
  const domain = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;
  // They travel as lists that commas separate.
  const group = /^[^,]+$/;
  return {
    issuer: config.pattern(
      'portalOidcIssuer',
      /^https:\/\/[^\s?#]+$/,
      'the address of an OpenID provider, as its own metadata has it',
      'https://accounts.google.com',
    ),
    clientId: config.input('portalOidcClientId', /^\S+$/, 'the id that the provider gave', 'ID'),
    clientSecret: config.secret(
      'portalOidcClientSecret',
      'a secret that the provider gave',
      (value) => value.length >= 16,
    ),
    scopes: config.list('portalOidcScopes', /^[\w:./-]+$/, 'scopes', 'openid'),
    groupsClaim: config.pattern('portalGroupsClaim', /^\S+$/, 'the name of a claim', 'groups'),
    allowedDomains: config.list('portalAllowedDomains', domain, 'domains in small letters', 'example.com'),
    allowedGroups: config.list('portalAllowedGroups', group, 'names of groups', 'video'),
    admins: config.list('portalAdmins', group, 'names of groups, or e-mail addresses', 'video-admins'),
    ownFilmsOnly: config.flag('portalOwnFilmsOnly'),
  };
}

/** Everyone on earth may have an account there. */
const isPublic = (issuer: string) => /^https:\/\/(accounts\.google\.com|appleid\.apple\.com)\b/.test(issuer);
/** Microsoft's addresses that are no single tenant's: their tokens name another issuer. */
const isManyTenants = (issuer: string) =>
  /^https:\/\/login\.microsoftonline\.com\/(common|organizations|consumers)\b/.test(issuer);

function checkOidc(config: SettingsReader, texts: OidcTexts): PortalSignIn | undefined {
  const { issuer, clientId, clientSecret, ...others } = texts;
  const needed = 'is not set, and portalAuth "oidc" needs it: without it nobody could sign in.';
  if (issuer === '') config.reject('portalOidcIssuer', needed, 'https://accounts.google.com');
  if (clientId === undefined) config.reject('portalOidcClientId', needed, 'ID');
  if (clientSecret === undefined) config.reject('portalOidcClientSecret', needed, '', 'secret');
  if (!others.scopes.includes('openid'))
    config.reject('portalOidcScopes', 'lacks "openid", without which no one is named.', 'openid', 'entry');
  if (isManyTenants(issuer))
    config.reject(
      'portalOidcIssuer',
      `is ${JSON.stringify(issuer)}, which is no tenant's own: use that of yours.`,
      'https://login.microsoftonline.com/TENANT/v2.0',
    );
  if (isPublic(issuer) && others.allowedDomains.length + others.allowedGroups.length === 0)
    config.reject(
      'portalAllowedDomains',
      `is not set, and everyone may have an account at ${issuer}: all of them could sign in.`,
      'example.com',
      'entry',
    );
  if (issuer === '' || clientId === undefined || clientSecret === undefined) return undefined;
  return { by: 'oidc', issuer, clientId, clientSecret, ...others };
}
