import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Film, JobState } from '../../../worker/src/protocol/status.ts';
import type { TestFarm } from '../local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../media/clips.ts';
import { film as anyFilm, running, succeeded } from '../reports/job-states.ts';

const segmentSeconds = 2;
const plan = 'made';

/** A film as a worker would have published it, for tests of the page alone: no worker runs. */
export interface StoredFilm {
  id: string;
  segments: number;
  /** Reports that a worker is at it. @param more as with early play */
  report(state: JobState): Promise<void>;
  /** As many segments can be played early. */
  listEarly(count: number): Promise<void>;
  /** The job's state with early play, and the one in which the whole film is there. */
  playable: JobState;
  whole(more?: Partial<Film>): JobState;
}

/** @param input ffmpeg's, a picture and audio */
export async function storeFilm(
  farm: Pick<TestFarm, 's3' | 'outputBucket'>,
  id: string,
  seconds: number,
  input: readonly string[],
): Promise<StoredFilm> {
  await using folder = await temporaryFolder();
  await ffmpeg(
    ...input,
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'main', '-pix_fmt', 'yuv420p'],
    ...['-force_key_frames', `expr:gte(t,n_forced*${segmentSeconds})`, '-c:a', 'aac', '-ar', '48000'],
    ...['-t', String(seconds), '-f', 'hls', '-hls_time', String(segmentSeconds)],
    ...['-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod'],
    ...['-hls_segment_filename', join(folder.path, '%05d.m4s'), join(folder.path, 'index.m3u8')],
  );
  const put = (key: string, Body: string | Buffer) =>
    farm.s3.send(new PutObjectCommand({ Bucket: farm.outputBucket, Key: `${id}/${key}`, Body }));
  for (const name of await readdir(folder.path))
    await put(`${plan}/film/${name}`, await readFile(join(folder.path, name)));
  const multivariant = (playlist: string) =>
    `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.4d400d,mp4a.40.2"\n${playlist}\n`;
  await put('index.m3u8', multivariant(`${plan}/film/index.m3u8`));
  const fromStart = '#EXTM3U\n#EXT-X-START:TIME-OFFSET=0\n';
  await put(`${plan}/early/index.m3u8`, multivariant('film.m3u8').replace('#EXTM3U\n', fromStart));
  const segments = Math.ceil(seconds / segmentSeconds);
  const entry = (n: number) => `#EXTINF:${segmentSeconds},\n../film/${String(n).padStart(5, '0')}.m4s\n`;
  return {
    id,
    segments,
    report: async (state) => void (await put('status.json', JSON.stringify(state))),
    listEarly: async (count) =>
      void (await put(
        `${plan}/early/film.m3u8`,
        [
          `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:${segmentSeconds}\n#EXT-X-PLAYLIST-TYPE:EVENT\n`,
          '#EXT-X-MAP:URI="../film/init.mp4"\n',
          ...Array.from({ length: count }, (_, n) => entry(n)),
          ...(count === segments ? ['#EXT-X-ENDLIST\n'] : []),
        ].join(''),
      )),
    playable: { ...running(id), early: { playlist: `${id}/${plan}/early/index.m3u8`, plan } },
    whole: (more = {}) => ({
      ...succeeded(id),
      film: { ...anyFilm, playlist: `${id}/index.m3u8`, plan, poster: undefined, ...more },
    }),
  };
}
