import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { types } from 'hls-parser';
import * as hls from 'hls-parser';
import type { FaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';

/** A film that was sent. */
export interface SentFilm {
  /** It may come out shorter, but must decode. */
  damaged: boolean;
  frames: number;
}

/**
 * Reads a published film as a player would, from its multivariant playlist on.
 * @returns what is wrong with it
 */
export async function checkFilm(faults: FaultFarm, jobId: string, film: SentFilm): Promise<string[]> {
  const problems: string[] = [];
  const names = (await faults.farm.keys(`${jobId}/`)).map((key) => key.slice(jobId.length + 1));
  const plans = new Set(names.filter((name) => name.includes('/')).map((name) => name.split('/')[0]));
  if (plans.size !== 1) problems.push(`${plans.size} plans are published`);
  const master = await readPlaylist('index.m3u8');
  if (!master?.isMasterPlaylist) return [...problems, 'no multivariant playlist'];
  const { variants } = master as types.MasterPlaylist;
  const uris = variants.flatMap(({ uri, audio }) => [uri, ...audio.map((track) => track.uri ?? uri)]);
  for (const uri of new Set(uris)) problems.push(...(await checkRendition(uri)));
  return problems;

  async function readPlaylist(name: string) {
    const text = await faults.farm.read(`${jobId}/${name}`);
    return text === undefined ? undefined : hls.parse(text);
  }

  async function checkRendition(uri: string): Promise<string[]> {
    const playlist = (await readPlaylist(uri)) as types.MediaPlaylist | undefined;
    if (playlist === undefined) return [`${uri} is not there`];
    const map = playlist.segments[0]?.map?.uri;
    const files = [...(map ? [map] : []), ...playlist.segments.map((segment) => segment.uri)];
    const pieces = await Promise.all([...new Set(files)].map((name) => bytesOf(join(dirname(uri), name))));
    if (pieces.some((piece) => piece.length === 0)) return [`${uri} names segments that are not there`];
    if (playlist.isIFrame) return [];
    const path = join(faults.folder, 'checked.mp4');
    await writeFile(path, Buffer.concat(pieces));
    try {
      await ffmpeg('-xerror', '-i', path, '-f', 'null', '-');
    } catch (error) {
      return [`${uri} does not decode: ${(error as Error).message}`];
    }
    const { streams } = await ffprobe<{ streams: { codec_type: string; nb_read_packets: string }[] }>(
      ...['-count_packets', '-show_entries', 'stream=codec_type,nb_read_packets', path],
    );
    const frames = streams.find(({ codec_type }) => codec_type === 'video')?.nb_read_packets;
    if (frames === undefined || film.damaged || Number(frames) === film.frames) return [];
    return [`${uri} has ${frames} frames, not ${film.frames}`];
  }

  async function bytesOf(name: string): Promise<Uint8Array> {
    const { outputBucket, s3 } = faults.farm;
    const command = new GetObjectCommand({ Bucket: outputBucket, Key: `${jobId}/${name}` });
    const found = await s3.send(command).catch(() => undefined);
    return (await found?.Body?.transformToByteArray()) ?? new Uint8Array();
  }
}
