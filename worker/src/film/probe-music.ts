import { MusicTrack, shortestMusicSeconds } from '../encode/music-track.ts';
import { RefusedError } from '../errors.ts';
import { type ProbedMusic, planMusic } from '../plan/music.ts';
import type { MusicOptions } from '../plan/music-options.ts';
import { probe } from '../probe/probe.ts';
import { headReader } from '../source/read-head.ts';
import { lookUrl } from '../source/server.ts';
import type { TranscodeRun } from './film.ts';
import { type OpenedSource, ofMusic } from './open-source.ts';

/** Behind the film's own sources, see `openJobSources`. @throws RefusedError, which names the music */
export async function probeMusic(
  music: MusicOptions | undefined,
  { sources, urls }: { sources: readonly OpenedSource[]; urls: readonly string[] },
  run: TranscodeRun,
): Promise<ProbedMusic | undefined> {
  if (music === undefined) return undefined;
  const index = sources.length - 1;
  const [source, url] = [sources[index], urls[index]];
  if (source === undefined || url === undefined) throw new TypeError('The music of a job is not open.');
  const { settings, tools, signal } = run;
  const { object, info } = source;
  try {
    const head = headReader(object, info, signal);
    const media = await probe(tools, lookUrl(url), info.sizeBytes, settings.limits, signal, head);
    const { source: _, ...volumes } = music;
    const probed = { ...volumes, source: index, media };
    await tryMusic(probed, urls, run);
    return probed;
  } catch (error) {
    throw ofMusic(music.source, error);
  }
}

/** What only its samples show is found before anything is encoded. */
async function tryMusic(music: ProbedMusic, urls: readonly string[], run: TranscodeRun): Promise<void> {
  const planned = planMusic(music);
  if (planned === undefined)
    throw new RefusedError('bad-music', 'The file has no audio that can be decoded. Name one that has.');
  const { settings, tools, signal } = run;
  const { stallSeconds } = settings.encoding;
  const shape = { sampleRate: 48000, channels: 2, samples: 48000 } as const;
  const context = { tools, urls, stallSeconds, sourceStalledSeconds: () => 0 };
  await using track = new MusicTrack(context, planned, shape, signal);
  await track.read(shortestMusicSeconds * shape.sampleRate * shape.channels * 4);
}
