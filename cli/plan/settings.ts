import { readSettings, type Settings, SettingsError } from '../../worker/src/settings/settings.ts';
import { UserError } from '../errors.ts';

/** Where a farm is changes nothing of a plan. */
const anywhere = {
  QUEUE_URL: 'https://jobs.invalid',
  DEAD_LETTER_QUEUE_URL: 'https://dead-letters.invalid',
  SOURCE_BUCKET: 'source',
  OUTPUT_BUCKET: 'output',
};

/** What plans and refusals are made of. */
const ofPlans =
  /^(ENCODER|X264_PRESET|NVENC_PRESET|OUTPUTS|LADDER|QUALITY|QUALITY_TABLE|EXPECTED_VIEWS|VIEW_PRESETS|INCLUDE_480P|SEGMENT_\w+|THUMBNAIL_AT|WATERMARK|PRESETS|PART_SECONDS|WORKERS_PER_FILM|MAX_\w+|AWS_LAMBDA_FUNCTION_MEMORY_SIZE|PROBE_TIMEOUT_SECONDS)$/;

/**
 * The worker's settings as far as they make a plan.
 * @param deployed the plain environment of a farm's workers; empty: the defaults
 * @throws UserError where they are those of another version
 */
export function planSettings(deployed: Readonly<Record<string, string>>): Settings {
  const own = Object.entries(deployed).filter(([name]) => ofPlans.test(name));
  // One worker's help is another's: several make a film where there is a queue to ask on.
  const sharing = deployed.PARTS_QUEUE_URL ? { PARTS_QUEUE_URL: 'https://parts.invalid' } : {};
  try {
    return readSettings({ ...anywhere, ...sharing, ...Object.fromEntries(own) });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new UserError(`The farm's workers and this command are of different versions. ${error.message}`);
  }
}
