import type { Film } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';

type Rendition = Film['renditions'][number];

/** The rendition of that name, or the largest; undefined for films without video. @throws UserError that lists the names */
export function chooseVideo(
  renditions: readonly Rendition[],
  name: string | undefined,
): Rendition | undefined {
  const videos = renditions.filter(({ kind }) => kind === 'video');
  if (name === undefined) return videos.toSorted((a, b) => b.averageBandwidth - a.averageBandwidth)[0];
  const found = videos.find((one) => one.name === name);
  if (found) return found;
  const names = videos.map((one) => one.name).join(', ');
  throw new UserError(
    `--rung: this film has no rendition "${name}". Use ${names || 'none: it has no video'}.`,
  );
}

/** The portal sends each request for a segment on to another host, which no connection is kept for. */
const ownConnections = ['-http_persistent', '0'];

/** The chosen video and every audio track, copied into one MP4. @param renditions their playlists are addresses */
export function downloadArguments(
  renditions: readonly Rendition[],
  video: Rendition | undefined,
  file: string,
): string[] {
  const inputs = [...(video ? [video] : []), ...renditions.filter(({ kind }) => kind === 'audio')];
  return [
    ...['-v', 'error', '-nostdin', '-n'],
    ...inputs.flatMap(({ playlist = '' }) => [...ownConnections, '-i', playlist]),
    ...inputs.flatMap((_, index) => ['-map', `${index}`]),
    ...['-c', 'copy', '-movflags', '+faststart', '-f', 'mp4'],
    file,
  ];
}
