import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobIdSchema, jobSchema, type QueuedJob } from '../../../worker/src/protocol/job.ts';
import {
  jobBody,
  type PartRequest,
  readPartRequest,
  sendPartRequest,
} from '../../../worker/src/protocol/part-request.ts';
import type { NewMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { Queue } from '../../../worker/src/queue/queue.ts';

const queuedAt = new Date('2026-01-02T03:04:05Z');
const job: QueuedJob = { id: 'a', source: 'a.mp4', requestId: 'r-1' };
const partRequest: PartRequest = { job, plan: 'aaaaaaaaaaaa', firstPart: 2 };

/** What would go to the queue. */
async function sent(wanted: PartRequest, groupId?: string): Promise<NewMessage> {
  const messages: NewMessage[] = [];
  const queue: Pick<Queue, 'send'> = { send: async (message) => void messages.push(message) };
  const request = { attempt: 3, requestId: 'r-1', queuedAt };
  await sendPartRequest(queue as Queue, wanted, { request, groupId });
  return messages[0] as NewMessage;
}

describe('a part request', () => {
  it('is read as it was sent, whatever the job', async () => {
    const text = fc.string({ minLength: 1 });
    // Readers of JSON drop this one key, as it would change an object's nature.
    const anyJson = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    const option = { requiredKeys: [] };
    const anyRequest = fc.record({
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
      firstPart: fc.nat({ max: 999 }),
    });
    await fc.assert(
      fc.asyncProperty(anyRequest, async (wanted) => {
        const { body } = await sent(wanted as PartRequest);
        expect(readPartRequest(body)).toEqual(JSON.parse(JSON.stringify(wanted)));
      }),
      { numRuns: 300 },
    );
  });

  it('counts attempts of its own, entered the queue when its job did, and stands in its job’s line', async () => {
    const { attributes, groupId } = await sent(partRequest);
    expect(attributes).toMatchObject({ attempt: '1', queuedAt: queuedAt.toISOString() });
    expect(attributes?.requestId).not.toBe('r-1');
    expect(groupId).toBe('a');
    expect((await sent(partRequest, 'league')).groupId).toBe('league');
  });

  it.each([
    ['a field that nobody knows', { ...partRequest, requestId: 'r-1', colour: 'blue' }, 'colour'],
    ['a field of the job that nobody knows', { ...partRequest, requestId: 'r-1' }, 'requestId'],
    ['a plan that is no folder of ours', { ...sentRequest(), plan: '../other' }, 'twelve hex digits'],
    ['a part before the first', { ...sentRequest(), firstPart: -1 }, 'firstPart'],
    ['no request', { ...sentRequest(), requestId: undefined }, 'requestId'],
  ])('with %s is refused, and the field is named', (_, body, named) => {
    expect(() => readPartRequest(JSON.stringify(body))).toThrow(named);
  });

  it('holds the whole job, which goes on by itself when its message is redriven', () => {
    const queued = { ...job, title: 'A', expectedEtag: 'e' };
    expect(jobSchema.parse(JSON.parse(jobBody(queued)))).toEqual({ id: 'a', source: 'a.mp4', title: 'A' });
  });
});

function sentRequest() {
  const { requestId, ...plain } = job;
  return { ...partRequest, job: plain, requestId };
}
