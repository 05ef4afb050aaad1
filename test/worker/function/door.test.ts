import { describe, expect, it } from 'vitest';
import { functionLog } from '../../helpers/local-farm/functions.ts';
import { doorFilm, recordedParts, useDoor } from '../../helpers/local-farm/use-door.ts';

const door = useDoor();
const started = door.startOnce();

describe('a function before the jobs queue', () => {
  it('makes a film that it can make soon, with other calls, and starts no worker', async () => {
    const functions = await started;
    const { expected, film: made } = await door.done(await door.farm.sendJob({ source: doorFilm.key }));
    expect(made?.durationSeconds).toBeCloseTo(doorFilm.seconds, 0);
    expect(expected).toBeUndefined();
    expect(recordedParts(functionLog(functions)).sort()).toEqual(doorFilm.parts);
    expect(functions.functions.environments.length).toBeGreaterThan(1);
    expect(door.asked).toEqual([]);
    expect(await door.farm.backlog()).toBe(0);
    await door.empty();
  });

  it('refuses what no worker could make, and starts no worker for it', async () => {
    const { error } = await door.farm.waitFor(
      await door.farm.sendJob({ source: 'films/notes.mp4' }),
      'failed',
    );
    expect(error?.code).toBe('not-media');
    expect(door.asked).toEqual([]);
    expect(await door.farm.backlog()).toBe(0);
    await door.empty();
  });
});
