/**
 * The folder of a job in the output bucket, and every name in it:
 *
 *     <job id>/index.m3u8                   the commit
 *     <job id>/manifest.mpd                 the same film for DASH players
 *     <job id>/files.json                   the commit of a film that is files alone: names its plan
 *     <job id>/status.json
 *     <job id>/stop.json
 *     <job id>/owner.json                   who sent it in the portal, which writes this alone
 *     <job id>/<plan>/…                     see `PlanFolder`
 */
export class JobFolder {
  readonly outputPrefix: string;
  readonly jobId: string;
  /** Begins every key of the job; ends in "/". */
  readonly prefix: string;

  /** @param outputPrefix empty or ending in "/" */
  constructor(outputPrefix: string, jobId: string) {
    this.outputPrefix = outputPrefix;
    this.jobId = jobId;
    this.prefix = `${outputPrefix}${jobId}/`;
  }

  get commit(): string {
    return `${this.prefix}index.m3u8`;
  }

  get manifest(): string {
    return `${this.prefix}manifest.mpd`;
  }

  get filesCommit(): string {
    return `${this.prefix}files.json`;
  }

  get status(): string {
    return `${this.prefix}status.json`;
  }

  get owner(): string {
    return `${this.prefix}owner.json`;
  }

  get stop(): string {
    return `${this.prefix}stop.json`;
  }

  plan(planId: string): PlanFolder {
    return new PlanFolder(this, planId);
  }
}

/**
 * The folder of one plan of a job:
 *
 *     plan.json                      what helpers work by
 *     1080p/00042.m4s                segments, init segment and media playlist of a rendition
 *     poster.jpg, storyboard.vtt, storyboard/0003-1.jpg
 *     parts/0003.json                the record of part 3
 *     parts/0003.end                 part 3 reached the film's end before the plan did
 *     leases/part-0003               the lease of part 3
 *     leases/status, leases/assembly, leases/early, leases/files
 *     early/index.m3u8, early/1080p.m3u8  what players are given before the commit
 *     files/720p.mp4                 files beside the stream
 *     webm/720p-source/0003.ivf, audio.webm  what a WebM file is joined of; gone when it is there
 *     film.json                      what was asked for and what it became
 */
export class PlanFolder {
  readonly job: JobFolder;
  readonly planId: string;
  /** Begins every key of the plan; ends in "/". */
  readonly prefix: string;

  constructor(job: JobFolder, planId: string) {
    this.job = job;
    this.planId = planId;
    this.prefix = `${job.prefix}${planId}/`;
  }

  /** @param name such as `1080p/00042.m4s` */
  file(name: string): string {
    return this.prefix + name;
  }

  get planFile(): string {
    return this.file('plan.json');
  }

  get filmRecord(): string {
    return this.file('film.json');
  }

  /** Begins the names of all records. */
  get parts(): string {
    return this.file('parts/');
  }

  record(part: number): string {
    return `${this.parts}${fourDigits(part)}.json`;
  }

  /** An empty object that says by its name: the film ends in this part, and later parts hold nothing. */
  earlyEnd(part: number): string {
    return `${this.parts}${fourDigits(part)}.end`;
  }

  /** Begins the names of all leases. */
  get leases(): string {
    return this.file('leases/');
  }

  partLease(part: number): string {
    return `${this.leases}part-${fourDigits(part)}`;
  }

  get statusLease(): string {
    return `${this.leases}status`;
  }

  get assemblyLease(): string {
    return `${this.leases}assembly`;
  }

  /** Who writes the playlists of early play. */
  get earlyLease(): string {
    return `${this.leases}early`;
  }

  /** Begins the names of the playlists of early play. */
  get early(): string {
    return this.file('early/');
  }

  earlyPlaylist(rendition: string): string {
    return `${this.early}${rendition}.m3u8`;
  }

  get earlyStream(): string {
    return `${this.early}index.m3u8`;
  }

  get filesLease(): string {
    return `${this.leases}files`;
  }

  /** Begins the names of all files. */
  get files(): string {
    return this.file('files/');
  }

  /** Begins the names of all that WebM files are joined of. */
  get webmParts(): string {
    return this.file('webm/');
  }

  webmPart(rendition: string, name: string): string {
    return `${this.webmParts}${rendition}/${name}`;
  }

  get webmLeases(): string {
    return `${this.leases}webm-`;
  }

  webmLease(rendition: string, name: string): string {
    return `${this.webmLeases}${rendition}-${name}`;
  }

  /** What a key below `parts` or `leases` says of a part; undefined for all others. */
  readPartKey(key: string): { part: number; kind: 'record' | 'early-end' | 'lease' } | undefined {
    const name = key.startsWith(this.prefix) ? key.slice(this.prefix.length) : '';
    const [, record, extension] = /^parts\/(\d{4,})\.(json|end)$/.exec(name) ?? [];
    if (record !== undefined)
      return { part: Number(record), kind: extension === 'json' ? 'record' : 'early-end' };
    const lease = /^leases\/part-(\d{4,})$/.exec(name)?.[1];
    return lease === undefined ? undefined : { part: Number(lease), kind: 'lease' };
  }
}

function fourDigits(part: number): string {
  return String(part).padStart(4, '0');
}
