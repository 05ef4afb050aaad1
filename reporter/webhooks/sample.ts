import { randomUUID } from 'node:crypto';
import { type WebhookEvent, webhookEvent } from './event.ts';

/** What is sent to webhooks, by the last word of the event's type. */
export const sampleStates = ['running', 'playable', 'published', 'retrying', 'succeeded', 'failed'] as const;

/** An event as a worker sends it, of a job that does not exist. Each has a new id, unless its request is named. */
export function sampleEvent(
  name: (typeof sampleStates)[number],
  now: Date,
  requestId: string = randomUUID(),
): WebhookEvent {
  const at = now.toISOString();
  const id = 'webhook-test';
  const plan = '0123456789ab';
  const job = {
    id,
    source: 's3://source-films/webhook-test.mp4',
    title: 'A test of the webhook: there is no such film',
    metadata: { test: true },
    state: name === 'published' || name === 'playable' ? ('running' as const) : name,
    attempt: 1,
    maxAttempts: 3,
    warnings: [],
    timings: { waitSeconds: 1.2 },
    queuedAt: at,
    startedAt: at,
    updatedAt: at,
  };
  const film = {
    playlist: `${id}/index.m3u8`,
    plan,
    durationSeconds: 60,
    bytes: 24_000_000,
    encoder: 'x264',
    renditions: [
      {
        name: '720p',
        kind: 'video' as const,
        playlist: `${id}/${plan}/720p/index.m3u8`,
        ...{ width: 1280, height: 720, frameRate: 25, codecs: 'avc1.64001f' },
        ...{ bandwidth: 4_000_000, averageBandwidth: 3_000_000, bytes: 24_000_000, segments: 10 },
      },
    ],
  };
  const ends = {
    running: {},
    playable: {
      stage: 'encoding' as const,
      early: { playlist: `${id}/${plan}/early/index.m3u8`, plan },
    },
    published: { stage: 'files' as const, film },
    retrying: { error: { code: 'trouble', message: 'This is only a test.' } },
    failed: { error: { code: 'not-media', message: 'This is only a test.' }, finishedAt: at },
    succeeded: { finishedAt: at, film },
  };
  const event = webhookEvent({ ...job, ...ends[name] }, { requestId });
  if (event === undefined) throw new TypeError(`"${name}" is not sent to webhooks.`);
  return event;
}
