import { describe, expect, it } from 'vitest';
import { codeOf, origin, own, usePasswordPortal } from '../../helpers/portal/password-portal.ts';

const site = usePasswordPortal({ urls: true, maxUploadBytes: 1 });
const { send, signIn } = site;

describe('jobs', () => {
  const post = async (body: string) => {
    const headers = { ...(await signIn()), 'content-type': 'application/json' };
    return site.portal.handle(
      new Request(`${origin}/api/jobs`, { method: 'POST', headers, body }),
      '203.0.113.7',
    );
  };

  it('refuse metadata whose values lie too deep in each other, and say so', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const answer = await post(`{"source":"https://example.com/a.mp4","metadata":{"a":${deep}}}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('too deep');
  });

  it('refuse metadata that no message holds, before anything is written', async () => {
    const metadata = { a: 'x'.repeat(270_000) };
    const answer = await post(JSON.stringify({ source: 'https://example.com/big.mp4', metadata }));
    expect(answer.status).toBe(413);
    expect(await codeOf(answer)).toBe('job-too-large');
    const { jobs } = (await (await send('/api/jobs', { headers: await signIn() })).json()) as {
      jobs: { source: string }[];
    };
    expect(jobs.filter(({ source }) => source.includes('big.mp4'))).toEqual([]);
  });
});

it('takes a header that it reads in the length that its description names, and refuses others', async () => {
  const answer = async (key: string) =>
    send('/api/jobs', {
      method: 'POST',
      headers: { ...(await signIn()), 'idempotency-key': key },
      body: { source: 'https://example.com/film.mp4' },
    });
  const tooLong = await answer('k'.repeat(201));
  expect(tooLong.status).toBe(400);
  expect(await tooLong.json()).toMatchObject({
    detail: 'header Idempotency-Key: it has 201 characters; expected 1 to 200.',
  });
  expect((await answer('')).status).toBe(400);
  // Whatever this farm says of addresses.
  expect((await answer('k'.repeat(200))).status).not.toBe(400);
});

it('says what is wrong with a request as RFC 9457 has it', async () => {
  const session = await signIn();
  const answer = await send('/api/uploads', {
    method: 'POST',
    body: { name: 'a', size: -1 },
    headers: session,
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toEqual({
    type: 'urn:transcode-farm:problem:invalid-request',
    title: 'Bad request',
    status: 400,
    detail: expect.stringContaining('body.size: '),
  });
  expect((await send('/api/uploads', { method: 'PUT', headers: session })).headers.get('allow')).toBe('POST');
});

it('writes a line for each action, which has no secret in it', async () => {
  const session = await signIn();
  await send('/api/jobs/none/cancel', { method: 'POST', headers: session });
  await send('/api/session', { method: 'POST', body: { password: 'guess' }, headers: own });
  await send(site.portal.signInPath('ada'));
  expect(site.audit.map(({ action, who, status }) => `${action} ${who} ${status}`)).toEqual([
    'signIn password 204',
    'cancelJob password 404',
    'signIn anonymous 401',
    'signInByLink ada 303',
  ]);
  expect(site.audit.at(-1)?.path).toBe('/sign-in/…');
  expect(JSON.stringify(site.audit)).not.toContain('guess');
});
