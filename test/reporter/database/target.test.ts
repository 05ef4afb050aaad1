import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../../reporter/attempt.ts';
import { readMigrations } from '../../../reporter/database/migrate.ts';
import { DatabaseTarget } from '../../../reporter/database/target.ts';
import { createReporterLog } from '../../../reporter/log.ts';
import type { Report } from '../../../worker/src/protocol/report.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { advance } from '../../../worker/src/report/transitions.ts';
import { at, film, measured, queued, running, succeeded } from '../../helpers/reports/job-states.ts';
import { startPostgres, type TestPostgres } from '../../helpers/reports/postgres.ts';

let server: TestPostgres;
const migrations = await readMigrations();

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());

const first: Attempt = { tries: 0, firstAt: new Date() };
const reportOf = (state: JobState, kind: Report['kind'] = 'transition'): Report => ({
  kind,
  state,
  requestId: 'r',
});

function open(url: string) {
  const lines: Record<string, unknown>[] = [];
  const log = createReporterLog('debug', [], (line) => void lines.push(JSON.parse(line)));
  const target = new DatabaseTarget({ url, migrations, log, callSeconds: 2, speedup: 10 });
  const write = (state: JobState, kind?: Report['kind']) => target.deliver(reportOf(state, kind), first);
  return { target, lines, write, [Symbol.asyncDispose]: () => target.close() };
}

const jobs = (url: string) =>
  server.query<Record<string, unknown>>((sql) => sql`select * from transcode_farm.jobs order by id`, url);

describe('the tables', () => {
  it('are made once, however many reporters start together', async () => {
    const url = await server.database('together');
    await using reporters = new AsyncDisposableStack();
    const opened = [open(url), open(url), open(url)].map((one) => reporters.use(one));
    await Promise.all(opened.map(({ write }, index) => write(queued(`job-${index}`))));
    expect(opened.flatMap(({ lines }) => lines.filter((line) => 'migrations' in line))).toHaveLength(1);
    expect(await server.query((sql) => sql`select name from transcode_farm.migrations`, url)).toEqual(
      migrations.map(({ name }) => ({ name })),
    );
  });
});

describe('the rows', () => {
  it('are shown to no other user of the database, not even one who was granted all tables', async () => {
    const url = await server.database('others');
    await using database = open(url);
    await database.write(succeeded('secret'));
    // As Supabase's key for anonymous visitors.
    await server.query((sql) => sql`create role anon`, url);
    const asAnon = () =>
      server.query(async (sql) => {
        await sql`set role anon`;
        return sql`select id from transcode_farm.jobs union select key from transcode_farm.media_assets`;
      }, url);
    await expect(asAnon()).rejects.toThrow('permission denied for schema transcode_farm');
    await server.query((sql) => sql`grant usage on schema transcode_farm to anon`, url);
    await expect(asAnon()).rejects.toThrow('permission denied for table');
    await server.query((sql) => sql`grant select on all tables in schema transcode_farm to anon`, url);
    expect(await asAnon()).toEqual([]);
  });
});

describe('a job', () => {
  it('has one row through its whole life, and its assets when it is done', async () => {
    const url = await server.database('life');
    await using database = open(url);
    const metadata = { league: 3, 'null\u0000key': 'a\u0000b\ud800' };
    const sources = [{ source: 'a.mov' }, { source: 'b.mp4', from: 2, to: 9 }, { source: 'b.mp4', to: 4 }];
    const ofBatch = { options: { lane: 'bulk' as const }, batch: { id: 'night-12', jobs: 40 } };
    const waiting = queued('life', { title: 'A film', metadata, sources, ...ofBatch });
    await database.write({ ...waiting, sequence: 1 });
    expect(await jobs(url)).toMatchObject([{ id: 'life', state: 'queued', attempt: 1, title: 'A film' }]);
    expect(await jobs(url)).toMatchObject([{ lane: 'bulk', batch: 'night-12', batch_jobs: 40 }]);

    const start = advance(waiting, { to: 'running', attempt: 1, worker: 'w1' }, at(1));
    await database.write({ ...start, sequence: 2 });
    const progress = {
      percent: 40,
      publishedBytes: 3_000_000_000,
      publishedSegments: 7,
      renditions: ['1080p'],
    };
    await database.write({ ...start, stage: 'encoding', progress, sequence: 3 }, 'progress');
    expect(await jobs(url)).toMatchObject([
      { state: 'running', stage: 'encoding', percent: 40, published_bytes: '3000000000', worker: 'w1' },
    ]);

    await database.write({
      ...advance(start, { to: 'succeeded', film: { ...film, measured } }, at(9)),
      sequence: 4,
    });
    expect(await jobs(url)).toMatchObject([
      { state: 'succeeded', percent: 100, playlist: film.playlist, finished_at: at(9), total_seconds: 8 },
    ]);
    expect(await jobs(url)).toMatchObject([{ measured_metric: 'vmaf', measured_mean: 93.5 }]);
    expect(
      await server.query(
        (sql) => sql`select name, kind, key, width, bytes from transcode_farm.media_assets order by name`,
        url,
      ),
    ).toEqual([
      { name: '1080p', kind: 'video', key: 'life/abc/1080p/index.m3u8', width: 1920, bytes: '900' },
      { name: 'audio-0', kind: 'audio', key: 'life/abc/audio-0/index.m3u8', width: null, bytes: '100' },
      { name: 'film', kind: 'film', key: 'life/index.m3u8', width: null, bytes: '1000' },
      { name: 'poster', kind: 'poster', key: 'life/abc/poster.jpg', width: null, bytes: null },
    ]);
    const [row] = await jobs(url);
    expect(row?.sources).toEqual(['a.mov', 'b.mp4#t=2,9', 'b.mp4#t=,4']);
    expect(row?.metadata).toEqual({ league: 3, 'null\ufffdkey': 'a\ufffdb\ufffd' });
  });

  it('has an asset for each file beside the stream', async () => {
    const url = await server.database('files');
    await using database = open(url);
    const files = [{ name: '1080p.mp4', format: 'mp4' as const, key: 'a/abc/files/1080p.mp4', bytes: 70 }];
    const state = { ...succeeded('a'), film: { ...film, files }, sequence: 1 };
    expect(await database.write(state)).toEqual({ kind: 'done' });
    const assets = (sql: Sql) => sql`
      select name, kind, key, bytes from transcode_farm.media_assets where kind = 'file'`;
    expect(await server.query(assets, url)).toEqual([
      { name: '1080p.mp4', kind: 'file', key: 'a/abc/files/1080p.mp4', bytes: '70' },
    ]);
  });

  it('never goes back: reports may come in any order and more than once', async () => {
    const url = await server.database('order');
    await using database = open(url);
    const end = { ...succeeded('order'), sequence: 5 };
    const start = { ...running('order'), sequence: 4 };
    for (const state of [end, start, { ...start, attempt: 2, sequence: 99 }, end, start]) {
      expect(await database.write(state)).toEqual({ kind: 'done' });
    }
    expect(await jobs(url)).toMatchObject([{ state: 'succeeded', sequence: '5' }]);
    // Another request for the same job begins again.
    await database.write({ ...start, queuedAt: at(60).toISOString(), sequence: 6 });
    expect(await jobs(url)).toMatchObject([{ state: 'running', sequence: '6' }]);
  });

  it('keeps its metadata when its state is read from status.json, which has none', async () => {
    const url = await server.database('caught-up');
    await using database = open(url);
    await database.write({ ...running('a'), metadata: { league: 3 }, sequence: 1 });
    await database.write({ ...succeeded('a'), sequence: 2 }, 'catch-up');
    await database.write({ ...succeeded('b'), sequence: 2 }, 'catch-up');
    expect(await jobs(url)).toMatchObject([
      { id: 'a', state: 'succeeded', metadata: { league: 3 } },
      { id: 'b', state: 'succeeded', metadata: null },
    ]);
  });

  it('that is made again has the assets of the new film alone', async () => {
    const url = await server.database('again');
    await using database = open(url);
    await database.write({ ...succeeded('again'), sequence: 1 });
    const { poster, ...smaller } = film;
    await database.write({ ...succeeded('again'), film: { ...smaller, renditions: [] }, sequence: 2 });
    expect(await server.query((sql) => sql`select name from transcode_farm.media_assets`, url)).toEqual([
      { name: 'film' },
    ]);
  });

  it('that the database rejects is given up at once, and holds up no other', async () => {
    const url = await server.database('rejected');
    await using database = open(url);
    expect(await database.write({ ...queued('bad'), attempt: 2 ** 40 })).toMatchObject({
      kind: 'give-up',
      code: 'rejected',
    });
    expect(await database.write(queued('good'))).toEqual({ kind: 'done' });
    expect((await jobs(url)).map(({ id }) => id)).toEqual(['good']);
  });
});

describe('a database that is down', () => {
  it('is tried again later, and is not asked by every report meanwhile', async () => {
    const url = await server.database('down');
    await using database = open(url);
    await database.write({ ...running('a'), sequence: 1 });
    await server.stop();
    const end = { ...succeeded('a'), sequence: 2 };
    expect(await database.write(end)).toMatchObject({ kind: 'again', counts: true });
    expect(await database.write(end)).toMatchObject({
      kind: 'again',
      why: 'The database failed a moment ago.',
    });
    await server.start();
    // The pause after one failure, ten times faster.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await database.write(end)).toEqual({ kind: 'done' });
    expect(await jobs(url)).toMatchObject([{ state: 'succeeded' }]);
  });

  it('is given up after 28 hours', async () => {
    const target = new DatabaseTarget({
      url: 'postgres://farm@127.0.0.1:1/nowhere?sslmode=disable',
      migrations,
      log: createReporterLog('error', [], () => {}),
    });
    const attempt = { tries: 40, firstAt: new Date(Date.now() - 28.1 * 3_600_000) };
    expect(await target.deliver(reportOf(succeeded('a')), attempt)).toMatchObject({
      kind: 'give-up',
      code: 'not-written',
    });
  });
});
