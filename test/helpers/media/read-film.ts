import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { types } from 'hls-parser';
import * as hls from 'hls-parser';
import { ffmpeg, ffprobe } from './clips.ts';
import { type Look, readLook, type Turn } from './pattern.ts';
import type { Published } from './transcoding.ts';

/** Everything about one published rendition, as readers say that are not ours. */
export interface ReadRendition {
  name: string;
  playlist: types.MediaPlaylist;
  /** Relative to the job's folder. */
  uris: string[];
  /** Init segment and segments in one file. */
  joinedPath: string;
  /** Sizes of the segments in bytes. */
  sizes: number[];
  stream: {
    codec_name: string;
    profile: string;
    level: number;
    width?: number;
    height?: number;
    pix_fmt?: string;
    sample_aspect_ratio?: string;
    field_order?: string;
    color_range?: string;
    color_space?: string;
    color_primaries?: string;
    color_transfer?: string;
    sample_rate?: string;
    channels?: number;
  };
  /** In order of presentation. */
  packets: { seconds: number; key: boolean; segment: number }[];
  /** Times of pictures that are IDR. Video only. */
  idrSeconds: number[];
  /** What each decoded frame shows. Video only. */
  looks: Look[];
}

export interface ReadFilm {
  master: types.MasterPlaylist;
  video: ReadRendition[];
  /** In AAC. */
  audio: ReadRendition[];
  /** In AC-3. */
  surround: ReadRendition[];
}

/** Frames are looked at in this size, whatever their shape. */
const lookSize = 96;

/** RFC 8216 leaves the offset of timestamps free: MPEG-TS begins at 10 s here. */
const tsOffsetSeconds = 10;

/** Reads a film from its multivariant playlist on, with hls-parser, ffprobe and ffmpeg's decoders. */
export async function readFilm({ folder }: Published, turn: Turn = 0): Promise<ReadFilm> {
  const master = hls.parse(await readFile(join(folder, 'index.m3u8'), 'utf8'));
  if (!master.isMasterPlaylist) throw new Error('index.m3u8 is not a multivariant playlist');
  const { variants } = master as types.MasterPlaylist;
  const videoUris = variants
    .filter(({ resolution, isIFrameOnly }) => resolution && !isIFrameOnly)
    .map(({ uri }) => uri);
  const audioUris = variants.flatMap(({ uri, audio, resolution }) => [
    ...audio.map((track) => track.uri ?? uri),
    ...(resolution ? [] : [uri]),
  ]);
  const readAll = (uris: string[]) =>
    Promise.all([...new Set(uris)].map((uri) => readRendition(folder, uri)));
  const video = await readAll(videoUris);
  await lookAt(video, turn);
  const audio = await readAll(audioUris);
  const isSurround = ({ stream }: ReadRendition) => stream.codec_name === 'ac3';
  return {
    master: master as types.MasterPlaylist,
    video,
    audio: audio.filter((rendition) => !isSurround(rendition)),
    surround: audio.filter(isSurround),
  };
}

async function readRendition(folder: string, uri: string): Promise<ReadRendition> {
  const playlist = hls.parse(await readFile(join(folder, uri), 'utf8'));
  if (playlist.isMasterPlaylist) throw new Error(`${uri} is not a media playlist`);
  const media = playlist as types.MediaPlaylist;
  const beside = (name: string) => join(dirname(uri), name);
  const map = media.segments[0]?.map;
  const uris = media.segments.map((segment) => beside(segment.uri));
  const pieces = await Promise.all(
    [...(map ? [beside(map.uri)] : []), ...uris].map((name) => readFile(join(folder, name))),
  );
  const path = join(folder, beside('joined.media'));
  await writeFile(path, Buffer.concat(pieces));
  const { packets, streams } = await ffprobe<{
    packets: { pts_time: string; dts_time: string; flags: string; pos: string }[];
    streams: ReadRendition['stream'][];
  }>('-show_entries', 'packet=pts_time,dts_time,flags,pos:stream', path);
  const [stream] = streams;
  if (!stream) throw new Error(`${uri} has no stream`);

  const starts: number[] = [];
  let at = map ? (pieces[0]?.length ?? 0) : 0;
  for (const piece of map ? pieces.slice(1) : pieces) {
    starts.push(at);
    at += piece.length;
  }
  const inSegments = packets.map((packet) => ({
    ...packet,
    segment: starts.findLastIndex((start) => start <= Number(packet.pos)),
  }));
  return {
    name: dirname(uri).split('/').at(-1) ?? '',
    playlist: media,
    uris: [uri, ...(map ? [beside(map.uri)] : []), ...uris],
    joinedPath: path,
    sizes: pieces.slice(map ? 1 : 0).map((piece) => piece.length),
    stream,
    packets: inSegments
      .map(({ pts_time, flags, segment }) => {
        const offset = map
          ? shiftOf(inSegments.find((packet) => packet.segment === segment))
          : tsOffsetSeconds;
        return { seconds: Number(pts_time) - offset, key: flags.startsWith('K'), segment };
      })
      .sort((a, b) => a.seconds - b.seconds),
    idrSeconds: [],
    looks: [],
  };
}

/**
 * CMAF lets composition offsets be negative; ffmpeg's demuxer moves all times of a fragmented film by the largest of
 * them. The first frame of a segment is shown when it is decoded, so it says by how much.
 */
function shiftOf(first: { pts_time: string; dts_time: string } | undefined): number {
  return first ? Number(first.pts_time) - Number(first.dts_time) : 0;
}

/** One ffmpeg for all rungs: decodes every frame, and finds IDR pictures by their NAL units. */
async function lookAt(video: ReadRendition[], turn: Turn): Promise<void> {
  if (video.length === 0) return;
  const paths = video.map(({ joinedPath }) => joinedPath);
  const scale = `scale=${lookSize}:${lookSize}:flags=area`;
  await ffmpeg(
    '-xerror',
    ...paths.flatMap((path) => ['-copyts', '-i', path]),
    ...paths.flatMap((path, index) => [
      ...['-map', `${index}:v`, '-fps_mode', 'passthrough', '-vf', scale, '-pix_fmt', 'rgb24'],
      ...['-f', 'rawvideo', `${path}.rgb`],
      ...['-map', `${index}:v`, '-c', 'copy', '-copyts', '-bsf:v', 'filter_units=pass_types=5'],
      ...['-f', 'framecrc', `${path}.idr`],
    ]),
  );
  for (const [index, path] of paths.entries()) {
    const rendition = video[index];
    if (!rendition) continue;
    const pixels = await readFile(`${path}.rgb`);
    const size = lookSize * lookSize * 3;
    const look = { stride: lookSize, x: 0, y: 0, width: lookSize, height: lookSize };
    rendition.looks = Array.from({ length: pixels.length / size }, (_, frame) =>
      readLook({ ...look, pixels: pixels.subarray(frame * size, (frame + 1) * size) }, turn),
    );
    rendition.idrSeconds = readFrameTimes(await readFile(`${path}.idr`, 'utf8'), rendition);
  }
}

/** Lines of the framecrc muxer are `stream, dts, pts, duration, size, checksum`. */
function readFrameTimes(text: string, { playlist }: ReadRendition): number[] {
  const [, num, den] = /#tb 0: (\d+)\/(\d+)/.exec(text) ?? [];
  const tick = Number(num) / Number(den);
  const fmp4 = Boolean(playlist.segments[0]?.map);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').map(Number))
    .map(([, dts = 0, pts = 0]) => (fmp4 ? dts * tick : pts * tick - tsOffsetSeconds));
}
