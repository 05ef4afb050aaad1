/**
 * The index of jobs in the output bucket, newest first, so that a list needs no database: storage lists by name, and an empty
 * object for each job is named by how long before the year 2286 the job was queued.
 *
 *     _index/<9999999999999 − milliseconds since 1970>/<job id>
 *
 * Job ids begin with a letter or a digit, so no job's folder is named like this one. An entry counts while the job's status
 * has the same time: a job that is sent again gets a new entry, and the old one means nothing.
 *
 * The portal keeps others of the same form, `_owners/<owner>/`, for those who see only the films that they sent.
 */
export class JobIndex {
  /** Begins every key; ends in "/". */
  readonly prefix: string;

  /** @param outputPrefix empty or ending in "/" */
  constructor(outputPrefix: string, folder = '_index/') {
    this.prefix = outputPrefix + folder;
  }

  key(jobId: string, queuedAt: Date): string {
    return `${this.prefix}${String(latestMs - queuedAt.getTime()).padStart(13, '0')}/${jobId}`;
  }

  /** @returns undefined for a key that is not an entry */
  read(key: string): { jobId: string; queuedAt: Date } | undefined {
    const name = key.startsWith(this.prefix) ? key.slice(this.prefix.length) : '';
    const [, inverted, jobId] = /^(\d{13})\/([^/]+)$/.exec(name) ?? [];
    if (inverted === undefined || jobId === undefined) return undefined;
    return { jobId, queuedAt: new Date(latestMs - Number(inverted)) };
  }
}

const latestMs = 9_999_999_999_999;
