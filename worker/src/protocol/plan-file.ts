import { z } from 'zod';
import type { Plan } from '../plan/plan.ts';
import { headersFor } from '../publish/content-types.ts';
import { readJson } from '../storage/read-json.ts';
import type { Store } from '../storage/store.ts';

/** `<plan>/plan.json`: what helpers work by. Only workers write it. */
const planFileSchema = z.object({
  version: z.literal(1),
  request: z.object({ hash: z.string(), forcedBy: z.string().optional() }),
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null && 'parts' in value),
  /** How long the planner probed the film: whoever ends the job tells it. */
  probeSeconds: z.number().optional(),
});

type PlanFile = Omit<z.infer<typeof planFileSchema>, 'version'>;

/** @param folder the plan's */
export const planFileKey = (folder: string) => `${folder}plan.json`;

export async function writePlanFile(
  output: Store,
  folder: string,
  content: PlanFile,
  signal: AbortSignal,
): Promise<void> {
  const key = planFileKey(folder);
  await output.put(key, JSON.stringify({ version: 1, ...content }), { ...headersFor(key), signal });
}

/** Undefined where the film is not there any more, or was planned by a worker that this one does not understand. */
export function readPlanFile(
  output: Store,
  folder: string,
  signal: AbortSignal,
): Promise<PlanFile | undefined> {
  return readJson(output, planFileKey(folder), planFileSchema, signal);
}
