import { describe, expect, it } from 'vitest';
import { readPortalSettings } from '../../../portal/src/settings.ts';
import { madeUpSecrets } from '../../../tools/program-run/stacks.ts';
import { field, readFarmSettings, recordFarm } from '../../helpers/program/farm.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const oidc = {
  portal: 'function',
  portalAuth: 'oidc',
  portalOidcIssuer: 'https://id.example.com',
  portalOidcClientId: 'films',
  portalOidcClientSecret: String(madeUpSecrets.portalOidcClientSecret),
};

describe('sign-in by an OpenID provider', () => {
  it.each([
    ['portalOidcIssuer', 'pulumi config set portalOidcIssuer https://accounts.google.com'],
    ['portalOidcClientId', 'pulumi config set portalOidcClientId ID'],
    ['portalOidcClientSecret', 'pulumi config set --secret portalOidcClientSecret'],
  ])('is refused without %s, as nobody could sign in', async (key, fix) => {
    const refused = readFarmSettings({ ...oidc, [key]: '' });
    await expect(refused).rejects.toThrow(`${key} is not set`);
    await expect(readFarmSettings({ ...oidc, [key]: '' })).rejects.toThrow(fix);
  });

  it('is refused where everyone on earth could sign in', async () => {
    const google = { ...oidc, portalOidcIssuer: 'https://accounts.google.com' };
    await expect(readFarmSettings(google)).rejects.toThrow('portalAllowedDomains is not set, and everyone');
    const { portal } = await readFarmSettings({ ...google, portalAllowedDomains: '["example.com"]' });
    expect(portal?.signIn).toMatchObject({ by: 'oidc', allowedDomains: ['example.com'] });
  });

  it('is refused at an address of Microsoft that is no single tenant’s', async () => {
    const portalOidcIssuer = 'https://login.microsoftonline.com/common/v2.0';
    await expect(readFarmSettings({ ...oidc, portalOidcIssuer })).rejects.toThrow("no tenant's own");
  });

  it('is refused by http, as providers send no one back there', async () => {
    const byHttp = { ...oidc, portal: 'service', portalAllowHttp: 'true' };
    await expect(readFarmSettings(byHttp)).rejects.toThrow(
      'portalAuth is "oidc", and the portal answers by http',
    );
    await expect(readFarmSettings({ ...oidc, portalOidcIssuer: 'http://id.example.com' })).rejects.toThrow(
      'portalOidcIssuer is "http://id.example.com"',
    );
  });

  it('says what it has no use for', async () => {
    const { notes } = await readFarmSettings({
      ...oidc,
      portalPasswordHash: String(madeUpSecrets.portalPasswordHash),
    });
    expect(notes).toEqual(['portalPasswordHash is set but not used: portalAuth is "oidc".']);
    const unused = await readFarmSettings({
      ...oidc,
      portalAuth: 'password',
      portalPasswordHash: String(madeUpSecrets.portalPasswordHash),
      portalOwnFilmsOnly: 'true',
    });
    expect(unused.notes).toEqual(
      ['portalOidcIssuer', 'portalOidcClientId', 'portalOidcClientSecret', 'portalOwnFilmsOnly'].map(
        (key) => `${key} is set but not used: portalAuth is "password".`,
      ),
    );
  });

  it('reaches the portal: settings as variables, the secret by Parameter Store', async () => {
    const farm = await recordFarm(
      bareStack({
        ...oidc,
        portalAdmins: '["admins","boss@example.com"]',
        portalOwnFilmsOnly: 'true',
        portalGroupsClaim: 'cognito:groups',
      }),
    );
    const { inputs } = farm.resource('aws:lambda/function:Function', 'farm-portal');
    const variables = field(field(inputs, 'environment'), 'variables') as Record<string, string>;
    expect(JSON.parse(variables.SECRET_PARAMETERS ?? '')).toEqual({
      PORTAL_OIDC_CLIENT_SECRET: '/transcode-farm/test/farm/PORTAL_OIDC_CLIENT_SECRET',
      PORTAL_SIGNING_KEY: '/transcode-farm/test/farm/PORTAL_SIGNING_KEY',
    });
    const secrets = { PORTAL_OIDC_CLIENT_SECRET: 'secret', PORTAL_SIGNING_KEY: 'k'.repeat(43) };
    expect(readPortalSettings({ ...variables, ...secrets })).toMatchObject({
      PORTAL_OIDC_ISSUER: 'https://id.example.com',
      PORTAL_OIDC_CLIENT_ID: 'films',
      PORTAL_OIDC_SCOPES: 'openid profile email',
      PORTAL_GROUPS_CLAIM: 'cognito:groups',
      PORTAL_ADMINS: ['admins', 'boss@example.com'],
      PORTAL_OWN_FILMS_ONLY: 'true',
    });
  });
});

describe('the portal itself', () => {
  const plain = { FARM: '{}', PORTAL_SIGNING_KEY: 'k'.repeat(43) };
  const password = { PORTAL_PASSWORD_HASH: String(madeUpSecrets.portalPasswordHash) };
  const provider = {
    PORTAL_OIDC_ISSUER: 'https://id.example.com',
    PORTAL_OIDC_CLIENT_ID: 'films',
    PORTAL_OIDC_CLIENT_SECRET: 'secret',
  };

  it('starts with one way to sign in', () => {
    expect(() => readPortalSettings({ ...plain, ...password })).not.toThrow();
    expect(() => readPortalSettings({ ...plain, ...provider })).not.toThrow();
  });

  it.each([
    ['none', {}],
    ['both', { ...password, ...provider }],
    ['half of one', { ...provider, PORTAL_OIDC_CLIENT_SECRET: undefined }],
    [
      'a provider that somebody on the way could be',
      { ...provider, PORTAL_OIDC_ISSUER: 'http://id.example.com' },
    ],
  ])('does not start with %s', (_, ways) => {
    expect(() => readPortalSettings({ ...plain, ...ways })).toThrow("The portal's settings are invalid");
  });
});
