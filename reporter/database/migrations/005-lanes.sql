-- By which lane a job came, and of which batch it is.
alter table transcode_farm.jobs add column lane text not null default 'normal';
alter table transcode_farm.jobs add column batch text;
alter table transcode_farm.jobs add column batch_jobs integer;

create index jobs_batch on transcode_farm.jobs (batch) where batch is not null;

comment on column transcode_farm.jobs.lane is 'The lane that the job asks for: urgent, normal or bulk';
comment on column transcode_farm.jobs.batch is 'The batch that the job is of, which has batch_jobs jobs';
