import { describe, expect, it } from 'vitest';
import { functionLog } from '../../helpers/local-farm/functions.ts';
import { doorFilm, recordedParts, useDoor } from '../../helpers/local-farm/use-door.ts';
import { logLines } from '../../helpers/local-farm/worker-log.ts';
import { until } from '../../helpers/until.ts';

const door = useDoor();

describe('a function before the jobs queue', () => {
  it('leaves a film to workers that encode otherwise, and says how long it is and how many can make it', async () => {
    await using functions = await door.start({ WORKERS_ENCODER: 'nvenc', DOOR_BUDGET_SECONDS: '0.001' });
    const id = await door.farm.sendJob({ source: doorFilm.key });
    const state = await door.farm.waitFor(id, 'queued');
    expect(state.expected).toEqual({ durationSeconds: expect.closeTo(doorFilm.seconds, 0), workers: 1 });
    await until(async () => (await door.farm.backlog()) === 1, 'the message to be passed on');
    await door.empty();
    expect(door.asked).toEqual(['{"workers":1}']);
    expect(recordedParts(functionLog(functions))).toEqual([]);
    const worker = door.farm.startWorker();
    const { requestId, attempt } = await door.done(id);
    expect([requestId, attempt]).toEqual([state.requestId, 1]);
    await door.empty(door.farm.queueUrl);
    await worker.stop();
  });

  it('makes a long film together with workers that encode alike: each part is made once, by whoever is free', async () => {
    const worker = door.farm.startWorker();
    await using functions = await door.start({ DOOR_BUDGET_SECONDS: '0.001' });
    const id = await door.farm.sendJob({ source: doorFilm.key });
    const { film: made } = await door.done(id);
    await Promise.all(
      [door.farm.doorQueueUrl, door.farm.queueUrl, door.farm.partsQueueUrl].map((url) => door.empty(url)),
    );
    await worker.stop();
    expect(door.asked).toEqual(['{"workers":2}']);
    const byFunctions = recordedParts(functionLog(functions));
    const byWorker = recordedParts(logLines(worker.log).filter(({ job }) => job === id));
    expect([...byFunctions, ...byWorker].sort()).toEqual(doorFilm.parts);
    expect(byWorker.length).toBeGreaterThan(0);
    expect(made?.durationSeconds).toBeCloseTo(doorFilm.seconds, 0);
  });

  it('that can start no call loses no job: after three tries each goes to the workers', async () => {
    await using _ = await door.start({ FFMPEG_PATH: '/bin/false' });
    const id = await door.farm.sendJob({ source: doorFilm.key });
    const worker = door.farm.startWorker();
    await door.done(id);
    await worker.stop();
  });
});
