import { randomBytes, scryptSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { connect, type Farm } from '../../../cli/farm/farm.ts';
import { type AuditEntry, createPortal, type Portal } from '../../../portal/src/portal.ts';
import { addressOf } from '../local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../local-farm/local-farm.ts';

export const origin = 'https://films.example.com';
export const signingKey = 'k'.repeat(43);
export const password = 'correct horse battery staple';

/** What a browser says of a request of the portal's own page. */
export const own = { 'sec-fetch-site': 'same-origin', origin };

interface Sent {
  /** @default GET */
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** @default the portal's own */
  at?: string;
}

/**
 * A portal that asks for a password: a new one for each test, and one storage for all tests of a file. Without a browser or a
 * network between.
 * @param features that differ from those of a portal that takes uploads alone
 */
export function usePasswordPortal(features: { urls?: boolean; maxUploadBytes?: number } = {}) {
  let storage: TestFarm;
  let farm: Farm;
  let portal: Portal;
  let audit: AuditEntry[];
  let nowMs: number;
  const passwordHash = quickHash(password);

  beforeAll(async () => {
    storage = await startLocalFarm();
    farm = connect(addressOf(storage));
  }, 60_000);
  afterAll(async () => {
    farm?.close();
    await storage?.stop();
  });
  beforeEach(() => {
    audit = [];
    nowMs = 0;
    portal = createPortal({
      farm,
      signingKey,
      passwordHash,
      features: { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined, ...features },
      origins: [origin],
      audit: (entry) => void audit.push(entry),
      now: () => nowMs,
    });
  });

  const send = (path: string, { method = 'GET', body, headers = {}, at = origin }: Sent = {}) => {
    const request = new Request(`${at}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return portal.handle(request, '203.0.113.7');
  };

  return {
    get portal() {
      return portal;
    },
    get storage() {
      return storage;
    },
    get audit() {
      return audit;
    },
    passTime(ms: number) {
      nowMs += ms;
    },
    send,
    /** @returns headers of a page that is signed in */
    async signIn(): Promise<Record<string, string>> {
      const answer = await send('/api/session', { method: 'POST', body: { password }, headers: own });
      expect(answer.status).toBe(204);
      return { ...own, cookie: (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '' };
    },
  };
}

/** The last word of a problem's type. */
export const codeOf = async (answer: Response) =>
  ((await answer.json()) as { type: string }).type.split(':').at(-1);

/** Of the usual form, for a hundredth of the work: each test signs in. */
function quickHash(text: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(text, salt, 32, { N: 1024, r: 8, p: 1 });
  return ['scrypt', 1024, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
