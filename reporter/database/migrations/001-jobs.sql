create table transcode_farm.jobs (
  id text primary key,
  source text not null,
  title text,
  metadata jsonb,
  state text not null check (state in ('queued', 'running', 'retrying', 'succeeded', 'failed')),
  attempt integer not null,
  max_attempts integer not null,
  stage text,
  percent double precision,
  frames_per_second double precision,
  encoding_speed double precision,
  eta_seconds double precision,
  published_bytes bigint,
  published_segments integer,
  error_code text,
  error_message text,
  warnings text[] not null default '{}',
  plan text,
  playlist text,
  url text,
  encoder text,
  duration_seconds double precision,
  bytes bigint,
  wait_seconds double precision,
  probe_seconds double precision,
  encode_seconds double precision,
  publish_seconds double precision,
  total_seconds double precision,
  speed double precision,
  worker text,
  queued_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null
);

create index jobs_state on transcode_farm.jobs (state, updated_at);

comment on table transcode_farm.jobs is 'One row for each film that was asked for, from its first try to its end';
comment on column transcode_farm.jobs.playlist is 'Key in the output bucket of the multivariant playlist that is published now';

-- What a finished film consists of. Replaced as a whole when the film is made again.
create table transcode_farm.media_assets (
  job_id text not null references transcode_farm.jobs (id) on delete cascade,
  name text not null,
  kind text not null check (kind in ('film', 'video', 'audio', 'poster', 'storyboard')),
  key text not null,
  width integer,
  height integer,
  frame_rate double precision,
  codecs text,
  language text,
  bandwidth bigint,
  average_bandwidth bigint,
  bytes bigint,
  segments integer,
  duration_seconds double precision,
  created_at timestamptz not null,
  primary key (job_id, name)
);

comment on column transcode_farm.media_assets.key is 'Key in the output bucket';

-- Nobody but the owner reads or writes rows until the owner grants it and adds a policy (docs/jobs.md).
alter table transcode_farm.jobs enable row level security;
alter table transcode_farm.media_assets enable row level security;
