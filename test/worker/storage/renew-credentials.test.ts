import { afterEach, beforeEach, expect, it } from 'vitest';
import { Identities } from '../../../cli/local-farm/rules/identities.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { type Login, startLogin } from '../../helpers/uploads/login.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

let identities: Identities;
let storage: TestStorage;
let login: Login;
const environment = { ...process.env };
const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };

beforeEach(async () => {
  identities = new Identities();
  storage = await startStorage({ identities });
  login = await startLogin(identities);
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, login.environment);
});
afterEach(async () => {
  process.env = { ...environment };
  await login[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});
const settings = () => ({ ...storage.bucket('films'), credentials: undefined });

it('fetches new credentials when the service calls its own expired, though they announce another hour', async () => {
  const store = openStore(settings(), { retrySeconds: 0 });
  await store.put('a', 'one', headers);
  identities.endSessions();
  await store.put('a', 'two', headers);
  expect((await store.get('a'))?.toString()).toBe('two');
  store.close();
});

it('does so for HEAD too, whose answers name no error', async () => {
  const store = openStore(settings(), { retrySeconds: 0 });
  await store.put('a', 'one', headers);
  identities.endSessions();
  expect(await store.head('a')).toMatchObject({ sizeBytes: 3 });
  store.close();
});

it('waits for a login that comes later', async () => {
  const store = openStore(settings(), { retrySeconds: 20 });
  await store.put('a', 'one', headers);
  login.end();
  setTimeout(() => login.renew(), 300);
  await store.put('a', 'two', headers);
  store.close();
});
