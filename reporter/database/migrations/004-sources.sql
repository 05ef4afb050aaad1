-- Of a film of joined clips.
alter table transcode_farm.jobs add column sources text[];

comment on column transcode_farm.jobs.sources is 'Of several clips all of them in order, such as b.mp4#t=2,9; source is the first one''s';
