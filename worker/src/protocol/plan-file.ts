import { z } from 'zod';
import type { Plan } from '../plan/plan.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';
import { headersFor } from './content-types.ts';
import type { PlanFolder } from './job-folder.ts';

const segmentCuts = z.array(z.number());
const partSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('video'),
    index: z.number(),
    startSeconds: z.number(),
    endSeconds: z.number().optional(),
    firstSegment: z.number(),
    segmentCuts,
  }),
  z.looseObject({
    kind: z.literal('audio'),
    index: z.number(),
    startSeconds: z.number().optional(),
    endSeconds: z.number().optional(),
    firstSegment: z.number(),
    segmentCuts,
  }),
  z.looseObject({
    kind: z.enum(['text', 'loudness']),
    index: z.number(),
    firstSegment: z.literal(0),
    segmentCuts,
  }),
]);

/**
 * The plan as far as workers share it by name: its parts. Renditions, filters and the like are checked by their type alone,
 * since workers of one version write and read them.
 */
const planSchema = z
  .looseObject({
    id: z.string(),
    sourceVersion: z.string(),
    durationSeconds: z.number(),
    zeroSeconds: z.number(),
    segmentSeconds: z.number(),
    segmentFormat: z.enum(['fmp4', 'mpegts']),
    video: z.looseObject({ durationSeconds: z.number(), renditions: z.array(z.unknown()) }).optional(),
    audio: z.array(z.unknown()),
    text: z.array(z.unknown()).optional(),
    parts: z.array(partSchema),
    warnings: z.array(z.string()),
  })
  .transform((plan) => plan as unknown as Plan);

/** `<plan>/plan.json`: what helpers work by. Only workers write it. */
const planFileSchema = z.object({
  version: z.literal(1),
  request: z.object({ hash: z.string(), forcedBy: z.string().optional() }),
  plan: planSchema,
  /** How long the planner probed the film: the worker that ends the job reports it. */
  probeSeconds: z.number().optional(),
});

type PlanFile = Omit<z.infer<typeof planFileSchema>, 'version'>;

export async function writePlanFile(
  output: Store,
  folder: PlanFolder,
  content: PlanFile,
  signal: AbortSignal,
): Promise<void> {
  const key = folder.planFile;
  await output.put(key, JSON.stringify({ version: 1, ...content }), { ...headersFor(key), signal });
}

/** Undefined where the film is not there any more, or was planned by a worker that this one does not understand. */
export function readPlanFile(
  output: Store,
  folder: PlanFolder,
  signal: AbortSignal,
): Promise<PlanFile | undefined> {
  return readJson(output, folder.planFile, planFileSchema, signal);
}
