import { z } from 'zod';

/** Places in the picture. */
export const overlayPlaces = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const;

/** How an overlay comes and goes. A slide moves in the direction of its name, and fades on the way. */
export const overlayMotions = [
  'none',
  'fade',
  'slide-up',
  'slide-down',
  'slide-left',
  'slide-right',
] as const;

export const maxOverlays = 50;
export const maxTextCharacters = 500;

const color = z
  .string()
  .regex(
    /^#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$/,
    'expected a colour, such as "#fff", "#e30613" or, half transparent, "#00000080"',
  );

/** A percentage of the picture. */
function share(of: string, example: string, min: number, max: number) {
  const expected = `expected ${min}% to ${max}% of ${of}, such as "${example}"`;
  return z
    .string()
    .regex(/^\d{1,3}(\.\d{1,3})?%$/, { error: expected, abort: true })
    .refine((text) => percent(text) >= min && percent(text) <= max, expected);
}

/** `"6%"` is 6. */
export function percent(text: string): number {
  return Number.parseFloat(text);
}

const seconds = z.number().min(-86_400).max(86_400);

const fields = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(maxTextCharacters)
    .optional()
    .describe('What is written; a line break begins a new line. Either this or "image"'),
  image: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('Key of a PNG, JPEG or WebP in the source bucket. Either this or "text"'),
  font: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'Family name: one that the farm has, or one under fonts/ of the source bucket. Default: Open Sans',
    ),
  weight: z.enum(['regular', 'bold']).optional().describe('Default: regular'),
  italic: z.boolean().optional(),
  size: share("the picture's height", '6%', 1, 50)
    .optional()
    .describe('Height of a line of text. Default: 6%'),
  color: color.optional().describe('Of the text. Default: #fff'),
  box: color.optional().describe('Of a box behind the text. Default: no box'),
  outline: color.optional().describe('Of a line around the letters. Default: none'),
  width: share("the picture's width", '12%', 1, 100)
    .optional()
    .describe('Of the image; its height follows. Default: 12%'),
  opacity: z.number().min(0).max(1).optional().describe('Of the image. Default: 1'),
  at: z.enum(overlayPlaces).optional().describe('Default: bottom for texts, top-right for images'),
  margin: share("the picture's height", '5%', 0, 45)
    .optional()
    .describe("Between the overlay and the picture's edges. Default: 5%"),
  from: seconds
    .optional()
    .describe('Seconds from the start of the film; below zero from its end. Default: 0'),
  to: seconds.optional().describe('As "from". Default: the end'),
  in: z.enum(overlayMotions).optional().describe('How it comes, in half a second. Default: none'),
  out: z.enum(overlayMotions).optional().describe('How it goes, in half a second. Default: none'),
});

export type OverlayOptions = z.infer<typeof fields>;

const textFields = ['font', 'weight', 'italic', 'size', 'color', 'box', 'outline'] as const;
const imageFields = ['width', 'opacity'] as const;

/** A text or an image over the film. */
export const overlaySchema = fields.superRefine((overlay, context) => {
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if ((overlay.text === undefined) === (overlay.image === undefined)) {
    problem([], 'expected either "text" or "image"');
    return;
  }
  const [kind, foreign] = overlay.text === undefined ? ['texts', textFields] : ['images', imageFields];
  for (const field of foreign) {
    if (overlay[field] !== undefined) problem([field], `expected nothing here: it is for ${kind}`);
  }
  if (overlay.text?.trim() === '') problem(['text'], 'expected more than white space');
  const { from = 0, to } = overlay;
  if (to !== undefined && from >= 0 === to >= 0 && to <= from)
    problem(['to'], `expected more than "from", which is ${from}`);
});

export const overlaysSchema = z.array(overlaySchema).max(maxOverlays);
