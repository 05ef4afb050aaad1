import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobIdSchema, jobSchema, type QueuedJob } from '../../../worker/src/protocol/job.ts';
import { type Help, jobBody, readHelp, sendHelp } from '../../../worker/src/protocol/part-request.ts';
import type { NewMessage, Queue } from '../../../worker/src/queue/queue.ts';

const queuedAt = new Date('2026-01-02T03:04:05Z');
const job: QueuedJob = { id: 'a', source: 'a.mp4', requestId: 'r-1' };
const help: Help = { job, plan: 'aaaaaaaaaaaa', seat: 2 };

/** What would go to the queue. */
async function sent(wanted: Help, groupId?: string): Promise<NewMessage> {
  const messages: NewMessage[] = [];
  const queue: Pick<Queue, 'send'> = { send: async (message) => void messages.push(message) };
  await sendHelp(queue as Queue, wanted, { request: { attempt: 3, requestId: 'r-1', queuedAt }, groupId });
  return messages[0] as NewMessage;
}

describe('a call for help', () => {
  it('is read as it was sent, whatever the job', async () => {
    const text = fc.string({ minLength: 1 });
    // Readers of JSON drop this one key, as it would change an object's nature.
    const anyJson = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    const option = { requiredKeys: [] };
    const anyHelp = fc.record({
      job: fc.record(
        {
          id: fc
            .stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,40}$/)
            .filter((id) => jobIdSchema.safeParse(id).success),
          source: text,
          title: fc.string({ maxLength: 500 }),
          metadata: fc.dictionary(fc.stringMatching(/^[a-z]+$/), anyJson),
          options: fc.record(
            { force: fc.boolean(), segmentSeconds: fc.integer({ min: 1, max: 30 }) },
            option,
          ),
          requestId: text,
        },
        { requiredKeys: ['id', 'source', 'requestId'] },
      ),
      plan: fc.stringMatching(/^[0-9a-f]{12}$/),
      seat: fc.integer({ min: 1, max: 99 }),
    });
    await fc.assert(
      fc.asyncProperty(anyHelp, async (wanted) => {
        const { body } = await sent(wanted as Help);
        expect(readHelp(body)).toEqual(JSON.parse(JSON.stringify(wanted)));
      }),
      { numRuns: 300 },
    );
  });

  it('counts attempts of its own, entered the queue when its job did, and stands in its job’s line', async () => {
    const { attributes, groupId } = await sent(help);
    expect(attributes).toMatchObject({ attempt: '1', queuedAt: queuedAt.toISOString() });
    expect(attributes?.requestId).not.toBe('r-1');
    expect(groupId).toBe('a');
    expect((await sent(help, 'league')).groupId).toBe('league');
  });

  it.each([
    ['a field that nobody knows', { ...help, requestId: 'r-1', colour: 'blue' }, 'colour'],
    ['a field of the job that nobody knows', { ...help, requestId: 'r-1' }, 'requestId'],
    ['a plan that is no folder of ours', { ...sentHelp(), plan: '../other' }, 'twelve hex digits'],
    ['the first seat, which nobody helps from', { ...sentHelp(), seat: 0 }, 'seat'],
    ['no request', { ...sentHelp(), requestId: undefined }, 'requestId'],
  ])('with %s is refused, and the field is named', (_, body, named) => {
    expect(() => readHelp(JSON.stringify(body))).toThrow(named);
  });

  it('holds the whole job, which goes on by itself when its message is redriven', () => {
    const queued = { ...job, title: 'A', expectedEtag: 'e' };
    expect(jobSchema.parse(JSON.parse(jobBody(queued)))).toEqual({ id: 'a', source: 'a.mp4', title: 'A' });
  });
});

function sentHelp() {
  const { requestId, ...plain } = job;
  return { ...help, job: plain, requestId };
}
