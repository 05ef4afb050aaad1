// Made from Pulumi.yaml by `npm run docs`. Change it there.
import type * as pulumi from '@pulumi/pulumi';

/** What a farm is made of. Everything may be left out: the defaults are a small farm on Fargate with films in S3. */
export interface TranscodeFarmArgs {
  /** Where transcoded films go: `s3`, `r2` (Cloudflare) or `wasabi` */
  storage?: string;
  /** Where films come from: `s3`, `r2` or `wasabi`. Empty: the same as `storage` */
  source?: string;
  /** An existing bucket to take films from. Empty: the farm makes one */
  sourceBucket?: pulumi.Input<string>;
  /** An existing bucket to publish films to. Empty: the farm makes one */
  outputBucket?: pulumi.Input<string>;
  /**
   * Buckets that the farm made outlive `pulumi destroy` and a switch of `storage`, films and all. `false`
   * deletes both
   */
  keepBuckets?: boolean;
  /**
   * Films, their files and their status are deleted this many days after they were written, by a lifecycle
   * rule of the output bucket; sources stay. `0`: films stay. Not with `outputBucket`, whose rules are its
   * owner's
   */
  expireAfterDays?: number;
  /**
   * An upload to an S3 source bucket starts a job. `false` leaves the notifications of that bucket alone. R2
   * and Wasabi send none
   */
  sourceEvents?: boolean;
  /** Only uploads whose key begins with this start jobs, such as `films/` */
  sourcePrefix?: string;
  /** Only uploads whose key ends in one of these start jobs; letter case counts. An empty list takes all */
  sourceSuffixes?: string[];
  /** Begins every key that is published; ends in `/` */
  outputPrefix?: string;
  /** Web sites whose players may read the output, such as `https://www.example.com` */
  corsOrigins?: string[];
  /**
   * What encodes: `fargate` (CPU, nothing to manage), `gpu` (NVENC on EC2) or `function` (CPU on AWS Lambda:
   * hundreds of calls at once, nothing else runs)
   */
  compute?: string;
  /**
   * Processors of `compute: fargate` and `function`: `x86_64`, or `arm64`, whose vCPUs cost a fifth less. A
   * film that is being made when it changes is begun again
   */
  architecture?: string;
  /** Workers that always run. 0 lets the farm sleep. Not with `compute: function` */
  minTasks?: number;
  /**
   * Most workers at once; up to 100; with `gpu`, most instances; with `function`, most calls at once, up to
   * 1000
   */
  maxTasks?: number;
  /**
   * Reserve `maxTasks` of the account's concurrent executions for the farm, and let it have no more, so that
   * the account's other functions always have theirs. `false` where the account has too few to reserve any,
   * as new ones do (10). Only with `compute: function` or `functions: door`, which reserves 50 and
   * `burstFunctions`
   */
  reserveConcurrency?: boolean;
  /**
   * `door`: a function of AWS Lambda looks at each job before the workers do. It refuses films that can't be
   * made, makes those that functions make within four minutes, and asks for as many workers as the others can
   * use. `none`: workers take all jobs. Only with `compute: fargate` or `gpu`; the image must be in ECR
   */
  functions?: string;
  /**
   * Calls of the function that make parts of one film at the same time, beside the one that looked at it:
   * long films are done while workers would still start. With `compute: fargate` workers join in; with `gpu`
   * a film is made by functions or by GPUs, as players can't go from one encoder's parts to the other's. Up
   * to 900. Only with `functions: door`
   */
  burstFunctions?: number;
  /**
   * Memory of the function in MiB, 1769 to 10240; it has one vCPU for each 1769. New accounts may have 3008
   * at most. Only with `functions: door`
   */
  functionMemoryMib?: number;
  /**
   * GPU instance types, the preferred one first; more types find more Spot capacity. Empty: `g4dn.xlarge`,
   * `g4dn.2xlarge`, `g6.xlarge`, `g5.xlarge`. Only with `compute: gpu`
   */
  instanceTypes?: string[];
  /** Workers on On-Demand capacity before Spot is used */
  onDemandBase?: number;
  /**
   * Use Spot capacity above `onDemandBase`. A job that loses its worker goes on elsewhere. `false` makes
   * everything On-Demand
   */
  spot?: boolean;
  /**
   * Stopped instances that stand ready while fewer run, each for $4 a month: encoding then starts within 83 s
   * of an upload to a sleeping farm rather than 134 (p95, simulated). At most `onDemandBase`, or `maxTasks`
   * with `spot: false`. Only with `compute: gpu`
   */
  warmInstances?: number;
  /**
   * CPU units of a worker, 1024 to the vCPU. 0: 4096 on Fargate, all of the smallest instance type on GPU. A
   * function has one vCPU for each 1769 MiB of its memory
   */
  taskCpu?: number;
  /**
   * Memory of a worker in MiB. 0: 8192 on Fargate, what the smallest instance type has room for on GPU, 10240
   * of a function; new accounts may have 3008
   */
  taskMemoryMib?: number;
  /** Jobs, waiting and running, for each worker */
  backlogPerTask?: number;
  /**
   * Most workers that make one film together, up to `maxTasks`; a job may ask for fewer. 1: each film is one
   * worker's. 0: one less than `maxTasks`, so that a worker is left for other films
   */
  workersPerFilm?: number;
  /**
   * Workers that each job wakes while none runs, before anybody knows how long its film is. More than 1, up
   * to `workersPerFilm`, where films are long and wanted soon: a GPU worker that is only called by the first
   * one comes two minutes later
   */
  wakeWorkers?: number;
  /** Pause after adding workers to those that run before more are added */
  scaleOutCooldownSeconds?: number;
  /** Pause after removing workers before more are removed */
  scaleInCooldownSeconds?: number;
  /** Minutes without any job until the farm goes back to `minTasks` */
  idleMinutes?: number;
  /**
   * Messages that each worker works on at once, `1` to `16`. More than 1 where films are short: while one is
   * probed or published, another is encoded. Each takes memory of its own, and films that fill all cores
   * share them. `auto`: one more whenever a quarter of the worker's cores or more would stay idle with what
   * it has in hand, and its memory is enough ([scaling.md](scaling.md#several-films-at-once)). Not used with
   * `compute: function`, where a call is a message
   */
  jobsAtOnce?: string;
  /**
   * Priority lanes beside the usual one, each with queues of its own: `urgent` is served first, also between
   * two parts of other films; `bulk` when nothing else waits, and every eighth time. Jobs name theirs (`farm
   * submit --lane`); a job that names none is `normal`
   */
  lanes?: string[];
  /**
   * Seconds until the job of a worker that was lost without a word is given to another. A busy worker keeps
   * its job however long it takes. Always 40 with `compute: function`
   */
  visibilityTimeoutSeconds?: number;
  /**
   * Days that a job waits for a worker before it is dropped, at most 14. Dead letters are kept for 14 days
   */
  retentionDays?: number;
  /**
   * Attempts of a job that meets trouble. A lost worker does not count, and a film that can never work gets
   * one attempt
   */
  maxAttempts?: number;
  /** Keep the source after success. `false` deletes it; a job may say otherwise */
  keepSource?: boolean;
  /**
   * Read a source bucket of somebody else who has its readers pay (S3 "requester pays"); requests and traffic
   * are then on this account's bill
   */
  sourceRequesterPays?: boolean;
  /**
   * How long the files of a film stay that was made again in another way, for players in the middle of it. 0
   * removes them at once
   */
  keepReplacedSeconds?: number;
  /** Longer films are refused, and one that only shows its length while it is encoded is cut off */
  maxDurationSeconds?: number;
  /**
   * Publish films that end before the length in their header, with a warning. `false` refuses them as damaged
   */
  allowShortSources?: boolean;
  /** Jobs may name an http or https address as their source */
  allowHttpSources?: boolean;
  /**
   * Write the `metadata` of jobs into status.json, which lies beside the film for all who may read that.
   * Webhooks and Postgres always have it
   */
  publishMetadata?: boolean;
  /**
   * What is made of each film, unless its job says otherwise: `hls`, and files beside it (`mp4`, `mp4:720p`,
   * `webm:720p`, `m4a`, `mp3`, `flac`, `gif`). Without `hls` only the renditions that the files need are
   * encoded
   */
  outputs?: string[];
  /**
   * Encoding of subtitle files that do not say theirs, such as `windows-1250`. Without it, it is detected:
   * UTF-8, UTF-16, or what is usual for the language, in most cases Windows-1252
   */
  subtitleEncoding?: string;
  /**
   * Renditions: `standard`, `mobile` or `hd`, or spelled out as JSON, such as
   * `[{"rung":"1080p","bitrate":5000000},{"rung":"720p"}]`
   */
  ladder?: string;
  /** 480p in the place of 540p in a named ladder */
  include480p?: boolean;
  /**
   * How good films look: `saver`, `standard` or `high`, a VMAF of 88, 93 and 95 of the largest rendition on
   * average over measured films ([quality.md](quality.md)). A preset (`x264Preset`) changes what that costs,
   * and not the look
   */
  quality?: string;
  /**
   * Whether each film has a CRF of its own: some seconds of it are tried before it is made, which takes a
   * minute of CPU time ([quality.md](quality.md#a-crf-for-each-film)). With x264 alone, and not in functions
   */
  perFilmQuality?: boolean;
  /**
   * JSON of `farm calibrate`: the CRFs (x264) and CQs (NVENC) with which your own films have the VMAF of each
   * quality ([quality.md](quality.md#calibration)). Empty: this program's own
   */
  qualityTable?: string;
  /**
   * How often a film is watched, such as `1000`, unless its job says otherwise: each film is made with the
   * x264 preset with which making, a year of storage and delivery together cost least
   * ([cost.md](cost.md#presets-and-qualities)). Empty: `x264Preset`. Not with `compute: gpu`
   */
  expectedViews?: string;
  /**
   * `vmaf`: a sample of each film is compared with its source after it is published, and how it looks is
   * reported with it, unless its job says otherwise ([quality.md](quality.md#measured-films)). `off`: not
   */
  measure?: string;
  /** With `measure`: a film whose VMAF is lower gets a warning, such as `85`. Empty: none does */
  minVmaf?: string;
  /** Length of a media segment, 1 to 30 */
  segmentSeconds?: number;
  /** Media segments: `fmp4` (CMAF) or `mpegts`, for players that know nothing else */
  segmentFormat?: string;
  /**
   * Interlaced films: `fields` makes a picture of each field (50i becomes 50p, as smooth as on television),
   * `frames` one of each frame (25p, half the work)
   */
  deinterlace?: string;
  /**
   * How loud the audio is to be, from `-31` to `-9` LUFS: `-16` is usual for streams, `-23` for television.
   * One gain for a whole track, as far as its peaks allow; measuring first costs one more reading of the film
   * ([formats.md](formats.md#loudness)). Empty: as loud as it is
   */
  loudness?: string;
  /**
   * Whether films can be played while they are made, unless their job says otherwise
   * ([jobs.md](jobs.md#early-play)). A film that is made slower than it plays is not offered early
   */
  earlyPlay?: boolean;
  /**
   * Whether the segments of films are encrypted, unless their job says otherwise: `none`, or `aes-128`, with
   * keys that your own server gives to players ([encryption.md](encryption.md)). Such films have neither a
   * manifest for DASH nor files beside the stream
   */
  encryption?: string;
  /**
   * Where players fetch the key of an encrypted film: an https address of yours with `{jobId}` and `{plan}`,
   * such as `https://keys.example.com/{jobId}/{plan}`. With `encryptionSecret` alone, jobs can ask for
   * encryption
   */
  encryptionKeyUrl?: string;
  /**
   * Secret. What the keys of all films come of, 32 random bytes in base64: `pulumi config set --secret
   * encryptionSecret "$(openssl rand -base64 32)"`. Your key server has the same. Films that are there keep
   * their keys when it changes
   */
  encryptionSecret?: pulumi.Input<string>;
  /**
   * How much work x264 puts into each bit, from `ultrafast` to `veryslow`: smaller files for longer work.
   * Empty: `veryfast`. Not with `compute: gpu`
   */
  x264Preset?: string;
  /**
   * The same for NVENC, from `p1` (the quickest) to `p7`. Empty: `p5`; `p3` is twice as quick. Only with
   * `compute: gpu`
   */
  nvencPreset?: string;
  /** Where the poster is taken, as a share of the film (`10%`) or in seconds (`12.5`) */
  thumbnailAt?: string;
  /**
   * One overlay on every film, as JSON, as docs/jobs.md describes them:
   * `{"image":"brand/logo.png","width":"10%","opacity":0.7}`. The image is in the source bucket. Empty: none
   */
  watermark?: string;
  /**
   * Options of jobs under names, as JSON:
   * `{"social":{"ladder":"mobile","overlays":[{"text":"example.com"}]}}`. A job asks for them with `"preset":
   * "social"`, and what it says itself comes first
   */
  presets?: string;
  /** Where finished and failed jobs are reported, signed as Standard Webhooks has it */
  webhookUrl?: string;
  /** Secret. Signs webhooks: `whsec_` and base64 of 24 to 64 random bytes */
  webhookSecret?: pulumi.Input<string>;
  /** Jobs may name a webhook address */
  allowJobWebhooks?: boolean;
  /**
   * Secret. A Postgres database that keeps a row for every job: `postgres://user:password@host/database`. TLS
   * with a verified certificate, unless it ends in `?sslmode=disable`
   */
  databaseUrl?: pulumi.Input<string>;
  /**
   * The certificate in PEM of the authority that signed the database's, where it is a private one: `pulumi
   * config set databaseCa "$(cat ca.pem)"`
   */
  databaseCa?: string;
  /**
   * A VPC from which the database is reached, where it is in a private network: what writes to it runs there.
   * Empty: the database is reached over the internet
   */
  databaseVpcId?: string;
  /** Subnets of `databaseVpcId` with a route to a NAT gateway, through which webhooks and AWS are reached */
  databaseSubnetIds?: string[];
  /**
   * A page on which people upload, follow, watch and download films: `none`, `function` (a Lambda function
   * with an HTTPS address of its own, nothing to pay at rest) or `service` (1 to 10 tasks on Fargate behind a
   * load balancer, under `portalDomain`). The output `portalUrl` is its address
   */
  portal?: string;
  /**
   * Secret. The password of the portal, as a hash: `pulumi config set --secret portalPasswordHash "$(npx farm
   * portal-password)"`. A new one ends all sessions, tokens and share links
   */
  portalPasswordHash?: pulumi.Input<string>;
  /**
   * How people sign in to the portal: `password` (one for all, `portalPasswordHash`) or `oidc` (by name, at
   * an OpenID provider such as Cognito, Entra, Google or Okta)
   */
  portalAuth?: string;
  /**
   * Address of the OpenID provider, such as `https://accounts.google.com` or
   * `https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example`. Only with `portalAuth: oidc`, as the
   * next eight
   */
  portalOidcIssuer?: string;
  /** The portal's id at the provider, which sends people back to `/sign-in/oidc/callback` */
  portalOidcClientId?: pulumi.Input<string>;
  /** Secret. The portal's secret at the provider. A new one ends all sessions, tokens and share links */
  portalOidcClientSecret?: pulumi.Input<string>;
  /** What the portal asks the provider for. Okta names groups only where `groups` is among them */
  portalOidcScopes?: string[];
  /** Claim that lists a person's groups: `groups`, of Cognito `cognito:groups` */
  portalGroupsClaim?: string;
  /**
   * Who has a confirmed e-mail address in one of these domains may sign in. Together with
   * `portalAllowedGroups` empty: everyone whom the provider lets in
   */
  portalAllowedDomains?: string[];
  /** Who is in one of these groups may sign in too */
  portalAllowedGroups?: string[];
  /** Groups, and confirmed e-mail addresses, of those who see the films of all and may look after the farm */
  portalAdmins?: string[];
  /**
   * People see only the films that they sent in the portal, but for `portalAdmins`. `false`: everyone who
   * signs in sees all
   */
  portalOwnFilmsOnly?: boolean;
  /**
   * Secret. Signs sessions, tokens and share links: `pulumi config set --secret portalSigningKey "$(openssl
   * rand -base64 48)"`. A new one ends them all. Empty: made from `portalPasswordHash` or
   * `portalOidcClientSecret`
   */
  portalSigningKey?: pulumi.Input<string>;
  /**
   * Host name of `portal: service`, such as `films.example.com`. Its CNAME must lead to the output
   * `portalTarget`, unless the farm has `portalZoneId`
   */
  portalDomain?: string;
  /**
   * Certificate in ACM for `portalDomain`, in the farm's region. Empty: the farm makes one in `portalZoneId`
   */
  portalCertificateArn?: pulumi.Input<string>;
  /** Route 53 zone of `portalDomain`: the farm sets the record there, and makes the certificate */
  portalZoneId?: pulumi.Input<string>;
  /**
   * `portal: service` without a certificate, by http: passwords and films can be read on their way. For
   * trying out
   */
  portalAllowHttp?: boolean;
  /**
   * Public subnets for the load balancer of `portal: service`, in two zones or more, where `subnetIds` are
   * private. Only with `vpcId`
   */
  portalSubnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * How viewers reach the films: `none` (the bucket stays private) or `cdn` (CloudFront for S3, a domain of
   * Cloudflare for R2)
   */
  delivery?: string;
  /**
   * Host name for `delivery: cdn`, such as `video.example.com`. Empty: the name that CloudFront or R2 gives
   * (that of R2 is slowed down and for trying out only)
   */
  deliveryDomain?: string;
  /** Certificate for `deliveryDomain` with S3, from AWS Certificate Manager in us-east-1 */
  deliveryCertificateArn?: string;
  /** Cloudflare account that has or gets the R2 buckets */
  cloudflareAccountId?: string;
  /** Zone of `deliveryDomain`, for R2 */
  cloudflareZoneId?: string;
  /** Where new R2 buckets are: `apac`, `eeur`, `enam`, `weur`, `wnam` or `oc`. Empty: near the caller */
  r2Location?: string;
  /**
   * Where the law keeps R2 data: `default`, `eu` or `fedramp`. Another one makes new buckets; the old ones
   * stay, films and all
   */
  r2Jurisdiction?: string;
  /** Region of the Wasabi buckets, such as `eu-central-2` */
  wasabiRegion?: string;
  /**
   * Secret. Access key of a Wasabi user who may read and write the buckets (and make them, if the farm is to
   * make them)
   */
  wasabiAccessKeyId?: pulumi.Input<string>;
  /** Secret. That key's other half */
  wasabiSecretAccessKey?: pulumi.Input<string>;
  /** An existing VPC to work in, with `subnetIds`. Empty: the farm makes one */
  vpcId?: pulumi.Input<string>;
  /** Subnets of that VPC with a way to the internet */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Fargate workers get a public address. `false` for private subnets with a NAT gateway */
  assignPublicIp?: boolean;
  /**
   * A worker image by digest, such as `ghcr.io/you/worker@sha256:...`. Empty: built here, for which Docker
   * must run
   */
  workerImage?: pulumi.Input<string>;
  /**
   * The GitHub repository whose workflows preview and deploy this stack: makes a role for each. `owner/name`,
   * or `owner@id/name@id` for repositories made, renamed or moved since 15 July 2026; letter case counts.
   * Empty: no roles
   */
  githubRepository?: string;
  /**
   * Make the account's OIDC provider for GitHub with those roles where the account has none. One that is
   * there is used, and stays when the stack goes, as an account can have only one. `false` never makes it
   */
  githubProvider?: boolean;
  /** The S3 bucket of Pulumi's state, which those roles may then use. Empty: Pulumi Cloud keeps the state */
  githubStateBucket?: string;
  /** Who is notified of failed jobs, stuck instances and costs; must confirm once by e-mail */
  alertEmail?: string;
  /**
   * US dollars a month; at 80 % and 100 % of it, or when the forecast passes it, `alertEmail` is notified. 0:
   * no budget
   */
  monthlyBudget?: number;
  /** Days that logs are kept */
  logRetentionDays?: number;
  /**
   * ECS Container Insights, paid as custom metrics. The farm's own dashboard, alarms and scaling do without
   */
  containerInsights?: boolean;
  /** Tags on everything that takes them, each as `name=value` */
  tags?: string[];
}
