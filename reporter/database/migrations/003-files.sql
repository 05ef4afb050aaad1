-- Files beside the stream, such as an MP4. Rows that are there fit the narrower check, so none has to be read again.
alter table transcode_farm.media_assets drop constraint media_assets_kind_check;
alter table transcode_farm.media_assets add constraint media_assets_kind_check
  check (kind in ('film', 'video', 'audio', 'poster', 'storyboard', 'file')) not valid;
