import { randomUUID } from 'node:crypto';
import { UserError } from '../../../cli/errors.ts';
import { planUpload, type UploadFilter, type UploadPlan } from '../../../cli/submit/uploads.ts';

export const uploadsPrefix = 'uploads/';

/**
 * Where a file is uploaded to: a folder for each, so that two films of one name are two, and under a name that starts no job
 * by itself, where the farm has such names.
 */
export function placeUpload(fileName: string, filters: readonly UploadFilter[], day: string): UploadPlan {
  const key = `${uploadsPrefix}${day}/${randomUUID().slice(0, 8)}/${safeName(fileName)}`;
  try {
    return planUpload(key, filters, true);
  } catch (error) {
    // Every upload starts a job on this farm: so does this one, with the farm's own options.
    if (error instanceof UserError) return { key, sendJob: false };
    throw error;
  }
}

/** Whether jobs of uploads can have options: not where every upload starts one by itself. */
export function takesOptions(filters: readonly UploadFilter[]): boolean {
  return placeUpload('film', filters, '2000-01-01').sendJob;
}

/** Without folders and control characters, and short enough for a key. */
function safeName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/\p{Cc}/gu, '')
    .replace(/^\.+/, '')
    .trim()
    .slice(-150);
  return plain || 'film';
}
