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

/** As people read it: half characters and control characters would take six bytes each in an upload's id. */
export function plainName(name: string): string {
  return (
    name
      .toWellFormed()
      .replace(/\p{Cc}/gu, '')
      .trim() || 'film'
  );
}

/** Without folders, and short enough for a key. */
function safeName(name: string): string {
  const last = plainName(name).split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/^\.+/, '').trim();
  // By whole characters: storage takes no half of one.
  return [...plain].slice(-150).join('') || 'film';
}
