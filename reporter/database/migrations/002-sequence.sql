-- Orders the reports of one request: a row never goes back.
alter table transcode_farm.jobs add column sequence bigint not null default 0;

comment on column transcode_farm.jobs.sequence is 'Grows with each report of the job';
