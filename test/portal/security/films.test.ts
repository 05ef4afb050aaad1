import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { attachment } from '../../../portal/src/http/answers.ts';
import { fileFormats } from '../../../worker/src/plan/outputs.ts';
import { usePasswordPortal } from '../../helpers/portal/password-portal.ts';
import { succeeded } from '../../helpers/reports/job-states.ts';

const site = usePasswordPortal();
const { send, signIn } = site;

describe('films', () => {
  it.each([
    '../other/index.m3u8',
    '%2e%2e/other/index.m3u8',
    '..%2fother%2findex.m3u8',
    'a/../../other/index.m3u8',
    'status.json',
    'plan/parts/0000.json',
    'plan/leases/status',
    'stop.json',
    'index.m3u8%00.jpg',
    '%ff.jpg',
  ])('serve no %s', async (path) => {
    const session = await signIn();
    const answer = await send(`/api/films/job/${path}`, { headers: session });
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get('location')).toBeNull();
  });

  it.each(fileFormats)('serve a file of the kind %s, as the job names it', async (format) => {
    const session = await signIn();
    const answer = await send(`/api/films/job/plan/files/240p.${format}`, { headers: session });
    expect(answer.status).toBe(302);
  });

  it('redirect to links that end within five minutes', async () => {
    const session = await signIn();
    const answer = await send('/api/films/job/plan/720p/00001.m4s', { headers: session });
    expect(answer.status).toBe(302);
    const link = new URL(answer.headers.get('location') ?? '');
    expect(link.pathname).toBe(`/${site.storage.outputBucket}/job/plan/720p/00001.m4s`);
    expect(link.searchParams.get('X-Amz-Expires')).toBe('300');
  });

  it('are not shown after a sign-out; a link from before opens one file, for five minutes at most', async () => {
    await site.storage.s3.send(
      new PutObjectCommand({ Bucket: site.storage.outputBucket, Key: 'left/p/720p/1.m4s', Body: 'segment' }),
    );
    const session = await signIn();
    const path = '/api/films/left/p/720p/1.m4s';
    const link = (await send(path, { headers: session })).headers.get('location') ?? '';
    await send('/api/session', { method: 'DELETE', headers: session });
    const after = await send(path, { headers: session });
    expect([after.status, after.headers.get('location')]).toEqual([401, null]);
    // The storage knows no sessions: this much holds, and no more.
    expect(await (await fetch(link)).text()).toBe('segment');
    expect(Number(new URL(link).searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(300);
    expect(new URL(link).pathname).toBe(`/${site.storage.outputBucket}/left/p/720p/1.m4s`);
  });

  it.each([
    '/api/jobs/..%2f..%2fetc',
    '/api/jobs/%2e%2e%2fshared',
    '/api/jobs/_index',
    '/api/jobs/x%00',
    '/api/jobs/shared%2fstatus.json',
    '/api/jobs/..%2fx/downloads/original',
    '/api/jobs/saved/downloads/files/..%2f..%2fother%2f720p.mp4',
    '/api/films/saved/owner.json',
  ])('are reached by no path that leads out of a job: %s', async (path) => {
    const session = await signIn();
    const answer = await send(path, { headers: session });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('are saved by a link whose name adds no header, whatever the film is called', async () => {
    const state = succeeded('saved');
    const title = 'a"; filename=evil.exe\r\nSet-Cookie: x=y\u2028.mp4';
    const files = [{ name: '720p.mp4', format: 'mp4', key: 'saved/p/files/720p.mp4', bytes: 3 }];
    await site.storage.s3.send(
      new PutObjectCommand({
        Bucket: site.storage.outputBucket,
        Key: 'saved/status.json',
        Body: JSON.stringify({ ...state, title, film: { ...state.film, files } }),
      }),
    );
    const session = await signIn();
    const answer = await send('/api/jobs/saved/downloads/files/720p.mp4', { headers: session });
    expect(answer.status).toBe(302);
    const link = new URL(answer.headers.get('location') ?? '');
    expect(link.searchParams.get('response-content-disposition')).toMatch(
      /^attachment; filename="[^"\\\p{Cc}]*"; filename\*=UTF-8''[\w.~%!$&+^`|-]+$/u,
    );
  });

  it('are saved with the ending of their file, and under a name that file systems take', async () => {
    const session = await signIn();
    const saved = async (title: string) => {
      const source = `s3://${site.storage.sourceBucket}/dir/movie.mov.film`;
      const body = JSON.stringify({ ...succeeded('titled'), source, title });
      await site.storage.s3.send(
        new PutObjectCommand({ Bucket: site.storage.outputBucket, Key: 'titled/status.json', Body: body }),
      );
      const answer = await send('/api/jobs/titled/downloads/original', { headers: session });
      const header = new URL(answer.headers.get('location') ?? '').searchParams.get(
        'response-content-disposition',
      );
      return decodeURIComponent(header?.split("''")[1] ?? '');
    };
    expect(await saved('Holiday')).toBe('Holiday.mov');
    expect(await saved('Holiday.mov')).toBe('Holiday.mov');
    expect(await saved('Version 1.2')).toBe('Version 1.2.mov');
    expect(await saved('漢'.repeat(500))).toBe(`${'漢'.repeat(80)}.mov`);
  });

  it('are made again once by two clicks, with the texts that they had', async () => {
    const overlays = [{ text: 'Hello' }];
    const body = JSON.stringify({ ...succeeded('again'), options: { overlays } });
    await site.storage.s3.send(
      new PutObjectCommand({ Bucket: site.storage.outputBucket, Key: 'again/status.json', Body: body }),
    );
    const session = await signIn();
    const rerun = () => send('/api/jobs/again/rerun', { method: 'POST', body: {}, headers: session });
    const jobs = (await Promise.all((await Promise.all([rerun(), rerun()])).map((each) => each.json()))) as {
      requestId: string;
      options: object;
    }[];
    expect(jobs[0]?.options).toEqual({ overlays });
    expect(jobs[0]?.requestId).toMatch(/^[\w-]{43}$/);
    expect(jobs[1]?.requestId).toBe(jobs[0]?.requestId);
  });

  it('have a share link that opens this film alone', async () => {
    await site.storage.s3.send(
      new PutObjectCommand({
        Bucket: site.storage.outputBucket,
        Key: 'shared/status.json',
        Body: JSON.stringify({
          ...succeeded('shared'),
          source: 's3://secret-bucket/secret/name.mov',
          title: 'Film',
        }),
      }),
    );
    const path = site.portal.sharePath('shared', 60);
    const answer = await send(`/api${path}`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('"Film"');
    expect(text).not.toContain('secret');
    // No other last character: some of them are the same bytes.
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.replace(
      path.slice(-1),
      '',
    ))
      expect((await send(`/api${path.slice(0, -1)}${letter}`)).status).toBe(404);
    expect((await send('/api/jobs/shared')).status).toBe(401);
  });

  it('are saved under a name that adds no header', () => {
    expect(attachment('a"b\r\nset-cookie: x=y;\\é.mp4')).toBe(
      `attachment; filename="a_b__set-cookie: x=y___.mp4"; filename*=UTF-8''a%22b%0D%0Aset-cookie%3A%20x%3Dy%3B%5C%C3%A9.mp4`,
    );
  });
});
