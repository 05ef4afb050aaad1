import { headersFor } from '../protocol/content-types.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { Film } from '../protocol/status.ts';
import type { Store } from '../storage/store.ts';
import { endEarlyPlaylist, readEarlyPlaylist } from './early-playlists.ts';
import { mediaPlaylistName } from './media-playlist.ts';

/**
 * After the commit: ends the playlists of early play, so that players that are in the middle of them come to the film's end.
 * @returns whether the film could be played early
 */
export async function endEarlyPlay(
  output: Store,
  folder: PlanFolder,
  { renditions }: Pick<Film, 'renditions'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { objects } = await output.listAll(folder.early, signal);
  const there = new Set(objects.map(({ key }) => key));
  await Promise.all(
    renditions.map(async ({ name }) => {
      const key = folder.earlyPlaylist(name);
      if (!there.has(key)) return;
      const [early, published] = await Promise.all([
        output.get(key, signal),
        output.get(folder.file(`${name}/${mediaPlaylistName}`), signal),
      ]);
      if (early === undefined || published === undefined || readEarlyPlaylist(String(early)).isEnded) return;
      const text = endEarlyPlaylist(String(early), name, String(published));
      await output.put(key, text, { ...headersFor(key), cacheControl: 'no-cache', signal });
    }),
  );
  return there.has(folder.earlyStream);
}
