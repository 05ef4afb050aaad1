import { describe, expect, it } from 'vitest';
import { Places } from '../../../worker/src/queue/places.ts';
import { acknowledge, startConsumedQueue } from '../../helpers/worker/consumer.ts';

describe('a worker that takes as many messages as its machine has idle cores for', () => {
  const machine = { cores: 4, memoryMb: 4000 };
  const never = new AbortController().signal;

  /** Each message names its film's load. A film ends when all that are to run beside it have begun. */
  async function consumeFilms(together: number) {
    const { queue, consume, emptySoon, ...disposable } = await startConsumedQueue();
    const begun: string[] = [];
    const all = Promise.withResolvers<void>();
    const { busy } = consume(
      async ({ body }, signal, place) => {
        const { share, memoryMb } = JSON.parse(body);
        if (share !== undefined) await place?.occupy({ share, memoryMb }, signal);
        begun.push(body);
        if (begun.length === together) all.resolve();
        await all.promise;
        return acknowledge;
      },
      { jobsAtOnce: machine },
    );
    return {
      busy,
      begun,
      send: async (count: number, load: object) => {
        for (let n = 0; n < count; n += 1) await queue.send(JSON.stringify({ n, ...load }));
      },
      emptySoon,
      ...disposable,
    };
  }

  it('makes films together that leave most of it idle', async () => {
    await using films = await consumeFilms(3);
    await films.send(3, { share: 0.25, memoryMb: 100 });
    await films.emptySoon();
    expect(films.busy).toEqual({ now: 0, most: 3 });
  });

  it.each([
    ['that fills it', { share: 1, memoryMb: 100 }],
    ['that it knows nothing of', {}],
  ])('takes nothing beside a film %s', async (_, load) => {
    await using films = await consumeFilms(1);
    await films.send(3, load);
    await films.emptySoon();
    expect(films.begun).toHaveLength(3);
    expect(films.busy).toEqual({ now: 0, most: 1 });
  });

  it('begins a film that its memory is too small for when the others have ended', async () => {
    const places = new Places(machine);
    const first = await places.enter(never);
    await first.occupy({ share: 0.1, memoryMb: 100 }, never);
    const second = await places.enter(never);
    const large = { share: 1, memoryMb: machine.memoryMb };
    const begun: string[] = [];
    const beginning = second.occupy(large, never).then(() => begun.push('large'));
    await places.enter(AbortSignal.timeout(50)).catch(() => begun.push('no third one'));
    first.leave();
    await beginning;
    expect(begun).toEqual(['no third one', 'large']);
  });

  it('leaves a film that waits for memory when it stops', async () => {
    const places = new Places(machine);
    const first = await places.enter(never);
    await first.occupy({ share: 0.1, memoryMb: 100 }, never);
    const second = await places.enter(never);
    const stop = new AbortController();
    const waiting = second.occupy({ share: 1, memoryMb: machine.memoryMb }, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
