import { z } from 'zod';

/** A share of how loud the music is in its file. */
const volumeSchema = z.number().min(0).max(1);

export const musicSchema = z
  .strictObject({
    source: z
      .string()
      .min(1)
      .describe(
        'The music: a key in the source bucket, s3://bucket/key, or an http(s) URL where the farm allows it',
      ),
    volume: volumeSchema
      .optional()
      .describe('0 to 1; 1 is as loud as in its file, 0.5 is 6 dB softer. Default: 1'),
    duck: volumeSchema
      .optional()
      .describe("The volume while the film's own sound is heard. Default: as loud as elsewhere"),
  })
  .refine(({ volume = 1, duck = 0 }) => duck <= volume, {
    path: ['duck'],
    message: 'expected no more than "volume"',
  });

export type MusicOptions = z.infer<typeof musicSchema>;
