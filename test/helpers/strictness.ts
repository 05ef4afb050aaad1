/** Whether tests run against services that refuse and limit as the real ones do: `npm test -- --strict`. */
export const isStrict = process.env.STRICT_SERVICES === 'true';

/** Times as long as elsewhere: each answer that such services lose, or never give, costs seconds. */
export const patience = isStrict ? 4 : 1;
