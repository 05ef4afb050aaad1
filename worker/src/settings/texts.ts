import { z } from 'zod';

// What the text of an environment variable may stand for. Each of these takes a text and gives what it says.

/** `true` or `false`. */
export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'])
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true');

/** A number in text; `range` says what is allowed. */
export const number = (fallback: number, range: z.ZodNumber) =>
  z.string().default(String(fallback)).transform(toNumber).pipe(range);

/** The same, and undefined where the variable is not set. */
export const optionalNumber = (range: z.ZodNumber) => z.string().transform(toNumber).pipe(range).optional();

/** A range for whole numbers, to be narrowed. */
export const whole = z.number().int();

export const url = z.url({ protocol: /^https?$/ });

/** Comma-separated, spaces around items ignored. */
export const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

/** Text that is JSON when it looks like it: a ladder's name or the ladder spelled out. */
export const textOrJson = z.string().transform((text, context) => {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'looks like JSON and is not' });
    return z.NEVER;
  }
});

export function toNumber(text: string, context: z.RefinementCtx): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  context.addIssue({ code: 'custom', message: 'expected a number' });
  return z.NEVER;
}
