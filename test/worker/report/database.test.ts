import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { createDatabase } from '../../../worker/src/report/database.ts';
import { readMigrations } from '../../../worker/src/report/migrate.ts';
import { advance } from '../../../worker/src/report/transitions.ts';
import { at, film, queued, succeeded } from '../../helpers/reports/job-states.ts';
import { startPostgres, type TestPostgres } from '../../helpers/reports/postgres.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';

let server: TestPostgres;
const migrations = await readMigrations();

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());

const context = { requestId: 'r' };
const soon = () => AbortSignal.timeout(5000);

function open(url: string) {
  const { log, lines } = recordingLogger();
  return { database: createDatabase({ url, migrations, log, callSeconds: 2, retrySeconds: 0.2 }), lines };
}

const jobs = (url: string) =>
  server.query<{ id: string; state: string; attempt: number; percent: number; playlist: string }>(
    (sql) => sql`select * from transcode_farm.jobs order by id`,
    url,
  );

describe('the tables', () => {
  it('are made once, however many workers start together', async () => {
    const url = await server.database('together');
    const workers = [open(url), open(url), open(url)];
    await Promise.all(workers.map(({ database }) => database.migrated()));
    const applied = workers.flatMap(({ lines }) => lines.filter((line) => 'migrations' in line));
    expect(applied).toHaveLength(1);
    expect(await server.query((sql) => sql`select name from transcode_farm.migrations`, url)).toEqual(
      migrations.map(({ name }) => ({ name })),
    );
    await Promise.all(workers.map(({ database }) => database.close?.(soon())));
  });
});

describe('a job', () => {
  it('has one row through its whole life, and its assets when it is done', async () => {
    const url = await server.database('life');
    const { database } = open(url);
    let state = queued('life', {
      title: 'Ein Film',
      metadata: { league: 3, 'null\u0000key': 'a\u0000b\ud800' },
    });
    database.transition(state, context);
    await database.flush?.('life', soon());
    expect(await jobs(url)).toMatchObject([{ id: 'life', state: 'queued', attempt: 1, title: 'Ein Film' }]);

    state = advance(state, { to: 'running', attempt: 1, worker: 'w1' }, at(1));
    database.transition(state, context);
    const progress = {
      percent: 40,
      publishedBytes: 3_000_000_000,
      publishedSegments: 7,
      renditions: ['1080p'],
    };
    database.progress?.({ ...state, stage: 'encoding', progress });
    await database.flush?.('life', soon());
    expect(await jobs(url)).toMatchObject([
      { state: 'running', stage: 'encoding', percent: 40, published_bytes: '3000000000', worker: 'w1' },
    ]);

    database.transition(advance(state, { to: 'succeeded', film }, at(9)), context);
    await database.flush?.('life', soon());
    expect(await jobs(url)).toMatchObject([
      { state: 'succeeded', percent: 100, playlist: film.playlist, finished_at: at(9), total_seconds: 8 },
    ]);
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
    const [row] = await server.query<{ metadata: unknown }>(
      (sql) => sql`select metadata from transcode_farm.jobs`,
      url,
    );
    expect(row?.metadata).toEqual({ league: 3, 'null\ufffdkey': 'a\ufffdb\ufffd' });
    await database.close?.(soon());
  });

  it('that is made again has the assets of the new film alone', async () => {
    const url = await server.database('again');
    const { database } = open(url);
    database.transition(succeeded('again'), context);
    await database.flush?.('again', soon());
    const { poster, ...smaller } = film;
    database.transition({ ...succeeded('again'), film: { ...smaller, renditions: [] } }, context);
    await database.flush?.('again', soon());
    expect(await server.query((sql) => sql`select name from transcode_farm.media_assets`, url)).toEqual([
      { name: 'film' },
    ]);
    await database.close?.(soon());
  });

  it('that the database cannot take holds up no other', async () => {
    const url = await server.database('refused');
    const { database, lines } = open(url);
    database.transition({ ...queued('bad'), attempt: 2 ** 40 } satisfies JobState, context);
    database.transition(queued('good'), context);
    await database.flush?.('good', soon());
    expect((await jobs(url)).map(({ id }) => id)).toEqual(['good']);
    expect(lines).toContainEqual(expect.objectContaining({ job: 'bad', level: 50 }));
    await database.close?.(soon());
  });
});

describe('a database that is down', () => {
  it('when the worker starts gets its tables and the newest states when it comes', async () => {
    const url = await server.database('late');
    await server.stop();
    const { database } = open(url);
    const before = performance.now();
    const state = queued('late');
    database.transition(state, context);
    const running = advance(state, { to: 'running', attempt: 1, worker: 'w1' }, at(1));
    database.transition(running, context);
    database.transition(queued('other'), context);
    expect(performance.now() - before).toBeLessThan(100);
    await database.flush?.('late', AbortSignal.timeout(300));
    expect(performance.now() - before).toBeLessThan(2000);
    await server.start();
    await vi.waitFor(
      async () => expect(await jobs(url)).toMatchObject([{ id: 'late', state: 'running' }, { id: 'other' }]),
      { timeout: 10_000 },
    );
    await database.close?.(soon());
  });

  it('in the middle of a job is reported the end later', async () => {
    const url = await server.database('middle');
    const { database, lines } = open(url);
    const running = advance(queued('middle'), { to: 'running', attempt: 1, worker: 'w1' }, at(1));
    database.transition(running, context);
    await database.flush?.('middle', soon());
    await server.stop();
    database.progress?.({ ...running, stage: 'encoding' });
    database.transition(advance(running, { to: 'succeeded', film }, at(9)), context);
    await vi.waitFor(
      () => expect(lines.some((line) => String(line.msg).includes('does not answer'))).toBe(true),
      {
        timeout: 5000,
      },
    );
    await server.start();
    await database.flush?.('middle', AbortSignal.timeout(10_000));
    expect(await jobs(url)).toMatchObject([{ state: 'succeeded', playlist: film.playlist }]);
    await database.close?.(soon());
  });

  it('for the rest of the worker’s life keeps its end waiting no longer than allowed', async () => {
    const url = await server.database('never');
    await server.stop();
    const { database, lines } = open(url);
    database.transition(succeeded('never'), context);
    const before = performance.now();
    await database.close?.(AbortSignal.timeout(500));
    expect(performance.now() - before).toBeLessThan(2500);
    expect(lines).toContainEqual(expect.objectContaining({ jobs: ['never'], level: 50 }));
    await server.start();
  });
});
