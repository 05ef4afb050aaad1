-- How close a sample of the film comes to its source, where that was asked for.
alter table transcode_farm.jobs add column measured_metric text;
alter table transcode_farm.jobs add column measured_mean real;

comment on column transcode_farm.jobs.measured_metric is 'vmaf or ssim: what measured_mean is, of the largest rendition';
