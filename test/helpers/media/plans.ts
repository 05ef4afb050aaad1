import { makePlan, type PlanRequest } from '../../../worker/src/plan/make-plan.ts';
import type { AudioPart, Plan, VideoPart, VideoPlan } from '../../../worker/src/plan/plan.ts';
import type { AudioStream, VideoStream } from '../../../worker/src/probe/media.ts';
import { audioStream, film, planRequest, videoStream } from './media.ts';

export const x264 = { name: 'x264', preset: 'veryfast' } as const;
export const nvenc = { name: 'nvenc', preset: 'p5' } as const;

/** 30 s of 640x360 at 25 frames per second with stereo sound, in parts of 12, 12 and 6 s, but for the changes. */
export function shortPlan(
  changes: {
    encoder?: PlanRequest['encoder'];
    encoding?: Partial<PlanRequest['encoding']>;
    video?: Partial<VideoStream>;
    audio?: Partial<AudioStream>;
    startSeconds?: number;
  } = {},
): Plan & { video: VideoPlan } {
  const durationSeconds = 30;
  const media = film({
    durationSeconds,
    startSeconds: changes.startSeconds ?? 0,
    video: videoStream({ width: 640, height: 360, durationSeconds, ...changes.video }),
    audio: [audioStream({ durationSeconds, ...changes.audio })],
  });
  const request = planRequest({ partSeconds: 12, ...changes.encoding }, { encoder: changes.encoder ?? x264 });
  const { video, ...plan } = makePlan(media, { ...request, software: '7.1' });
  if (!video) throw new Error('This plan was to have a picture.');
  return { ...plan, video };
}

export function videoParts(plan: Plan): VideoPart[] {
  return plan.parts.filter((part) => part.kind === 'video');
}

export function audioPart(plan: Plan): AudioPart {
  const found = plan.parts.find((part) => part.kind === 'audio');
  if (!found) throw new Error('This plan was to have sound.');
  return found;
}
