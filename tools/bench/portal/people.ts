import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

export interface Crowd {
  origin: string;
  tokens: string[];
  /** Of jobs that run. */
  jobs: string[];
  seconds: number;
  uploads: number;
}

/** Milliseconds of each call, by kind; failures by what was answered. */
export interface Seen {
  took: Record<'job' | 'list' | 'upload', number[]>;
  failures: Record<string, number>;
}

/** As the page asks: a running job, and a list with running jobs. */
const pollMs = { job: 1000, list: 1500 };
/** A page asks for the next links when the earlier ones are used up: a very fast line. */
const linksEveryMs = 2000;
const uploadBytes = 2 ** 31 - 1;
const linksAtOnce = 16;

const { origin, tokens, jobs, seconds, uploads } = workerData as Crowd;
const seen: Seen = { took: { job: [], list: [], upload: [] }, failures: {} };
const endsAt = performance.now() + seconds * 1000;
const isOver = () => performance.now() > endsAt;

interface Answer {
  etag: string | null;
  body: { id: string; parts: number } | undefined;
}

async function call(
  kind: keyof Seen['took'],
  token: string,
  path: string,
  { method = 'GET', body, etag }: { method?: string; body?: object; etag?: string | null } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (etag) headers['if-none-match'] = etag;
  if (body) headers['content-type'] = 'application/json';
  const startedAt = performance.now();
  const response = await fetch(origin + path, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  seen.took[kind].push(performance.now() - startedAt);
  if (!response.ok && response.status !== 304) {
    const what = `${method} ${response.status}`;
    seen.failures[what] = (seen.failures[what] ?? 0) + 1;
  }
  const isJson = response.ok && text !== '';
  return { etag: response.headers.get('etag'), body: isJson ? JSON.parse(text) : undefined };
}

async function poll(kind: 'job' | 'list', token: string, path: string): Promise<void> {
  await sleep(Math.random() * pollMs[kind]);
  let etag: string | null = null;
  while (!isOver()) {
    ({ etag } = await call(kind, token, path, { etag }));
    await sleep(pollMs[kind]);
  }
}

/** Its calls to the portal; the parts themselves go to the storage. */
async function upload(token: string): Promise<void> {
  await sleep(Math.random() * linksEveryMs);
  while (!isOver()) {
    const size = { name: 'film.mov', size: uploadBytes };
    const { body } = await call('upload', token, '/api/uploads', { method: 'POST', body: size });
    if (body === undefined) return;
    for (let first = 1; first <= body.parts && !isOver(); first += linksAtOnce) {
      const parts = Array.from({ length: linksAtOnce }, (_, at) => first + at).filter((n) => n <= body.parts);
      await call('upload', token, `/api/uploads/${body.id}/links`, { method: 'POST', body: { parts } });
      await sleep(linksEveryMs);
    }
    await call('upload', token, `/api/uploads/${body.id}`, { method: 'DELETE' });
  }
}

await Promise.all(
  tokens.map((token, person) => {
    if (person < uploads) return upload(token);
    return person % 2 === 0
      ? poll('list', token, '/api/jobs?limit=20')
      : poll('job', token, `/api/jobs/${jobs[person % jobs.length]}`);
  }),
);
parentPort?.postMessage(seen);
