import { z } from 'zod';

/**
 * What one worker has in hand of a film that several make: `<plan>/parts/hand-<owner>.json`, written every few seconds
 * while it works. It keeps others off the same parts, and tells them how far this worker is. It binds nobody: a part that
 * is made twice is written twice under the same names, with films that fit.
 */
export const handSchema = z.object({
  version: z.literal(1),
  /** The message that the worker holds. A lost worker's message comes to another, which then has two hands' parts. */
  messageId: z.string(),
  /** False once it has left. */
  atWork: z.boolean(),
  /** 0 is the worker that planned the film; helpers count from 1. */
  seat: z.number().int().nonnegative(),
  /** Parts begun and not yet recorded, and how many film seconds of each are made. */
  parts: z.array(z.object({ part: z.number().int().nonnegative(), seconds: z.number().nonnegative() })),
  /** Playlists are being written, the commit follows. */
  assembling: z.boolean(),
  framesPerSecond: z.number().nonnegative(),
  /** Since this worker began with the film. */
  publishedBytes: z.number().int().nonnegative(),
  publishedSegments: z.number().int().nonnegative(),
});

export type Hand = z.infer<typeof handSchema>;

/** A hand as it was seen. */
export interface SeenHand extends Hand {
  /** Names the hand among those of a film. */
  key: string;
  /** Written so short a time ago that its worker can be taken to live. */
  fresh: boolean;
}

/** @param folder the plan's @param owner hex digits and dashes */
export function handKey(folder: string, owner: string): string {
  return `${folder}parts/hand-${owner}.json`;
}

export function isHandKey(key: string): boolean {
  return /\/parts\/hand-[0-9a-f-]+\.json$/.test(key);
}

export function isWorking(hand: SeenHand): boolean {
  return hand.fresh && hand.atWork;
}
