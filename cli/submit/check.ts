import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { sourcesOf } from '../../worker/src/protocol/clips.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import { laneOf } from '../../worker/src/protocol/lanes.ts';
import { UnknownPresetError, withPreset } from '../../worker/src/protocol/presets.ts';
import { refuseClearFiles } from '../../worker/src/publish/film-files.ts';
import { UserError } from '../errors.ts';
import { readDeployed } from '../farm/deployed.ts';
import type { Farm } from '../farm/farm.ts';
import { laneAddress } from '../farm/lanes.ts';
import { presetsOf } from '../farm/presets.ts';
import type { PlannedFilm } from './film.ts';
import type { JoinedFilm } from './join.ts';

/**
 * Asks the farm, before the first byte goes up, whether it will take the jobs: whether this login reaches it, and
 * whether its rules let jobs be so. What this login may not ask is left to the worker.
 * @throws UserError, and what AWS says of an expired login
 */
export async function checkFarmTakes(
  farm: Farm,
  films: readonly (PlannedFilm | JoinedFilm)[],
): Promise<void> {
  const sent = films.filter((film) => film.kind !== 'file' || film.sendJob);
  if (sent.length === 0) return;
  await checkTopic(farm);
  const jobs = sent.map((film) => {
    if (film.kind === 'joined') return film.job(new Map());
    return film.kind === 'there' ? film.job : film.job('film');
  });
  for (const job of jobs) {
    laneAddress(farm.address, laneOf(job));
    if (isEncrypted(job)) refuseClearFiles(job.options?.outputs ?? []);
  }
  await checkRules(farm, {
    webhook: jobs.some(({ options }) => options?.webhook !== undefined),
    presets: jobs.flatMap(({ options }) => options?.preset ?? []),
    encryption: jobs.some(isEncrypted),
    web: jobs
      .flatMap((job) => [...sourcesOf(job), job.options?.music?.source ?? ''])
      .some((source) => /^https?:/i.test(source)),
  });
}

function isEncrypted({ options }: Job): boolean {
  return options?.encryption === 'aes-128';
}

/** Who may publish need not be allowed to read the topic's attributes: a denial shows that the login is valid. */
async function checkTopic({ sns, address }: Farm): Promise<void> {
  try {
    await sns.send(new GetTopicAttributesCommand({ TopicArn: address.topicArn }));
  } catch (error) {
    const { name } = error as Error;
    if (/^(AuthorizationError|AccessDenied)/.test(name)) return;
    if (!/^NotFound/.test(name)) throw error;
    throw new UserError(
      `The farm's topic ${address.topicArn} does not exist. Run "pulumi up" and save its outputs again, or choose another farm.`,
    );
  }
}

/** What jobs ask for that a farm may not have or allow. */
interface Used {
  webhook: boolean;
  web: boolean;
  encryption: boolean;
  presets: string[];
}

async function checkRules(farm: Farm, used: Used): Promise<void> {
  if (!used.webhook && !used.web && !used.encryption && used.presets.length === 0) return;
  const environment = await environmentOf(farm);
  if (environment === undefined) return;
  const { ALLOW_JOB_WEBHOOKS, ALLOW_HTTP_SOURCES, ENCRYPTION_KEY_URL, PRESETS } = environment;
  const orSet = (settings: string) => (farm.address.local ? '' : `, or set ${settings} of its stack`);
  checkPresets(used.presets, PRESETS);
  if (used.encryption && !ENCRYPTION_KEY_URL) {
    throw new UserError(
      `This farm has no keys to encrypt films with. Leave the encryption out${orSet('encryptionKeyUrl and encryptionSecret')}.`,
    );
  }
  if (used.webhook && ALLOW_JOB_WEBHOOKS !== 'true') {
    throw new UserError(`This farm lets no job name a webhook. Leave it out${orSet('allowJobWebhooks')}.`);
  }
  if (used.web && ALLOW_HTTP_SOURCES !== 'true') {
    throw new UserError(
      `This farm takes no films and no music from http(s) URLs. Upload them${orSet('allowHttpSources')}.`,
    );
  }
}

/** The workers' settings as far as they are known here. A farm on this machine has those of `farm demo`. */
async function environmentOf(farm: Farm): Promise<Record<string, string | undefined> | undefined> {
  if (farm.address.local) return { ENCRYPTION_KEY_URL: farm.address.encryptionKeyUrl };
  const deployed = await readDeployed(farm, farm.address).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    return undefined;
  });
  return deployed?.environment;
}

/** @param deployed as the workers have them; what this command can't read is of another version, and left to them */
function checkPresets(names: readonly string[], deployed: string | undefined): void {
  const presets = presetsOf({ PRESETS: deployed });
  if (presets === undefined) return;
  for (const preset of names) {
    try {
      withPreset({ preset }, presets);
    } catch (error) {
      if (!(error instanceof UnknownPresetError)) throw error;
      throw new UserError(`${JSON.stringify(preset)} ${error.message}.`);
    }
  }
}
