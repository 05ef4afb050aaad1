import { keyUrlOfJob, type SegmentEncryption } from '../plan/encryption.ts';
import type { Plan } from '../plan/plan.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { secretIdOf, segmentKey } from '../publish/segment-encryption.ts';
import type { Settings } from '../settings/settings.ts';

type Keys = Pick<Settings, 'encryption'>;

/** How a job's film is to be encrypted; undefined: not at all. */
export function encryptionOf(
  { id, options }: Pick<QueuedJob, 'id' | 'options'>,
  { encryption }: Keys,
): SegmentEncryption | undefined {
  const method = options?.encryption ?? encryption?.usual ?? 'none';
  if (method === 'none') return undefined;
  if (encryption === undefined)
    throw new TypeError('The job asks for encryption, and this worker has no secret.');
  const { keyUrl, secret } = encryption;
  return { method, keyUrl: keyUrlOfJob(keyUrl, id), secretId: secretIdOf(secret) };
}

/** While an owner changes the secret, some workers have the new one and others the old one. */
export function hasKeyOf({ encryption: planned }: Pick<Plan, 'encryption'>, { encryption }: Keys): boolean {
  if (planned === undefined) return true;
  return encryption !== undefined && secretIdOf(encryption.secret) === planned.secretId;
}

/** What the segments of a film are encrypted with; undefined: they are in clear. */
export function keyOf(plan: Pick<Plan, 'id' | 'encryption'>, jobId: string, keys: Keys): Buffer | undefined {
  if (plan.encryption === undefined) return undefined;
  if (keys.encryption === undefined || !hasKeyOf(plan, keys))
    throw new Error(`Plan ${plan.id} is encrypted by a secret that this worker does not have.`);
  return segmentKey(keys.encryption.secret, jobId, plan.id);
}
