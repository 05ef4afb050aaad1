import { z } from 'zod';
import { RefusedError } from '../../../worker/src/errors.ts';
import { ladderNames } from '../../../worker/src/plan/ladder.ts';
import { fileFormats } from '../../../worker/src/plan/outputs.ts';
import { jobOptionsSchema } from '../../../worker/src/protocol/job.ts';
import { UnknownPresetError } from '../../../worker/src/protocol/presets.ts';
import { estimateFilms } from '../farm/estimate.ts';
import { json } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';

/** Two days, which are planned in a tenth of a second; workers refuse films of more than six hours by default. */
const maxSeconds = 200_000;

const filmSchema = z.strictObject({
  seconds: z.number().positive().max(maxSeconds).describe('Length of the film'),
  bytes: z.number().int().min(0),
  width: z.number().int().min(1).max(16_384).optional().describe('Left out for audio alone'),
  height: z.number().int().min(1).max(16_384).optional(),
  framesPerSecond: z.number().min(1).max(240).optional().describe('Without it, 30'),
});

const total = {
  seconds: z
    .number()
    .optional()
    .describe('From the first frame to the last, one film after another; left out for audio alone'),
  costs: z
    .array(z.object({ market: z.enum(['onDemand', 'spot']), usd: z.number() }))
    .describe('US dollars of compute in each market that the farm buys; empty on your own machine'),
  bytes: z.number().describe('Of the stream, at the bitrates that it may reach'),
};

const estimateSchema = z.object({
  ...total,
  machine: z.string().describe('What one worker runs on'),
  renditions: z.array(z.string()).describe('Of the first film, the largest first'),
  ladders: z
    .array(z.object({ ladder: z.enum(ladderNames).nullable(), ...total }))
    .describe('The same films with each ladder; null is the farm’s own'),
  files: z
    .array(z.object({ format: z.enum(fileFormats), bytes: z.number().optional() }))
    .describe('What each kind of file would add'),
  storageUsdPerMonth: z.number().optional().describe('Of the stream'),
  notes: z.array(z.string()).describe('What the figures leave out'),
});

export function estimateRoutes({ farm, machine }: Services): Route[] {
  return [
    route({
      id: 'estimate',
      method: 'POST',
      path: '/api/estimate',
      summary: 'How long films would take and what they would cost, as "farm plan" estimates it',
      body: z.strictObject({
        films: z
          .array(filmSchema)
          .min(1)
          .max(100)
          .refine(
            (films) => films.reduce((sum, { seconds }) => sum + seconds, 0) <= maxSeconds,
            `expected at most ${maxSeconds} seconds together`,
          ),
        options: jobOptionsSchema.omit({ webhook: true, addToFilm: true }).optional(),
      }),
      answer: { status: 200, description: 'The estimate', schema: estimateSchema },
      handle: async ({ body: { films, options = {} } }) => {
        const found = await machine.read();
        if (found === undefined)
          throw new Problem(
            409,
            'machine-unknown',
            'The farm’s outputs name no service, so what its workers run on is unknown. Deploy the farm again.',
          );
        try {
          return json(estimateFilms({ ...found, storage: farm.address.outputStorage }, films, options));
        } catch (error) {
          if (error instanceof UnknownPresetError)
            throw new Problem(422, 'unknown-preset', `The preset "${options.preset}" ${error.message}.`);
          if (!(error instanceof RefusedError)) throw error;
          throw new Problem(422, error.code, error.message);
        }
      },
    }),
  ];
}
