import { expect } from 'vitest';
import { patternCorners, type Turn } from './pattern.ts';
import { type ReadFilm, type ReadRendition, readFilm } from './read-film.ts';
import { readPictures } from './read-pictures.ts';
import type { Published } from './transcoding.ts';

export interface ExpectedFilm {
  /** Size of the largest rendition. Undefined: no picture. */
  size?: [width: number, height: number];
  /** Frames per second. */
  rate?: [num: number, den: number];
  frames?: number;
  /** What the cells of frame n count; n itself by default. */
  numberOf?: (frame: number) => number;
  /** Frames that show two of the source. */
  isMixed?: (frame: number) => boolean;
  /** How the pattern lies in what is shown. */
  turn?: Turn;
  /** False where the picture is not our pattern. */
  showsPattern?: boolean;
  /** When each audio rendition ends, in order. */
  audioSeconds?: number[];
  /** Whether each audio rendition is there in AC-3 too. */
  hasSurround?: boolean;
  /** ffmpeg 5.1 leaves up to a frame out where the format of the sound changes. */
  allowsJoint?: boolean;
  /** In all renditions of the picture. */
  segments?: number;
}

/** Holds a published film against what was asked for, and against the rules that every film must keep. */
export async function checkFilm(published: Published, expected: ExpectedFilm): Promise<ReadFilm> {
  const film = await readFilm(published, expected.turn);
  expect(film.video.length > 0, 'has a picture').toBe(expected.size !== undefined);
  expect(film.audio.length, 'audio renditions').toBe(expected.audioSeconds?.length ?? 0);
  expect(film.surround.length, 'renditions in AC-3').toBe(expected.hasSurround ? film.audio.length : 0);
  checkFiles(published, film);
  checkProgress(published);
  for (const rendition of [...film.video, ...film.audio, ...film.surround]) checkPlaylist(rendition, film);
  for (const rendition of film.video) checkPicture(rendition, film, expected);
  for (const group of [film.audio, film.surround])
    for (const [index, rendition] of group.entries())
      checkAudio(rendition, expected.audioSeconds?.[index] ?? 0, expected.allowsJoint);
  checkVariants(film, expected);
  if (expected.size) await checkPictures(published, expected);
  return film;
}

/** Every file that is named is there, and nothing else is, but what the worker keeps for itself. */
function checkFiles(
  { files, film: { plan, subtitles = [] } }: Published,
  { master, video, audio, surround }: ReadFilm,
): void {
  const named = [...video, ...audio, ...surround].flatMap(({ uris }) => uris);
  const iframes = master.variants.filter(({ isIFrameOnly }) => isIFrameOnly).map(({ uri }) => uri);
  expect(iframes.length, 'I-frame playlists').toBe(video.length);
  const own = files.filter((file) =>
    /\/(parts\/\d{4}\.json|(film|plan)\.json|storyboard\/[\w-]+\.jpg|early\/[\w-]+\.m3u8)$/.test(file),
  );
  const segments = video[0]?.uris.filter((uri) => /\.(m4s|ts)$/.test(uri)) ?? [];
  const texts = subtitles.flatMap(({ name }) => [
    ...segments.map((uri) => uri.replace(/^.*\/(\d+)\.\w+$/, `${plan}/${name}/$1.vtt`)),
    ...[`${plan}/${name}/index.m3u8`, `${plan}/${name}/subtitles.vtt`],
  ]);
  const manifest = files.some((name) => name.endsWith('.m4s')) ? ['manifest.mpd'] : [];
  const pictures = video.length > 0 ? [`${plan}/poster.jpg`, `${plan}/storyboard.vtt`] : [];
  const names = ['index.m3u8', ...manifest, ...named, ...iframes, ...own, ...pictures, ...texts];
  expect(files).toEqual([...new Set(names)].sort());
}

function checkProgress({ progress }: Published): void {
  let before = 0;
  for (const { percent } of progress) {
    expect(percent).toBeGreaterThanOrEqual(before);
    expect(percent).toBeLessThanOrEqual(100);
    before = percent;
  }
}

/** Apple's HLS authoring specification 7.7, 8.1 to 8.7, 8.20, 8.22; RFC 8216, 4.3.3.1. */
function checkPlaylist(
  { playlist, packets, name }: ReadRendition,
  { video, audio, surround }: ReadFilm,
): void {
  const all = [...video, ...audio, ...surround];
  expect(playlist.playlistType, name).toBe('VOD');
  expect(playlist.endlist, name).toBe(true);
  expect(new Set(all.map((rendition) => rendition.playlist.targetDuration)).size).toBe(1);
  for (const { duration } of playlist.segments)
    expect(Math.round(duration), name).toBeLessThanOrEqual(playlist.targetDuration);
  for (const [index] of playlist.segments.entries())
    expect(packets.filter(({ segment }) => segment === index).length, `${name} ${index}`).toBeGreaterThan(0);
}

function checkPicture(rendition: ReadRendition, { video }: ReadFilm, expected: ExpectedFilm): void {
  const { name, packets, stream, looks, idrSeconds, playlist } = rendition;
  const frameSeconds = 1 / rateOf(expected);
  expect(packets.length, `frames of ${name}`).toBe(expected.frames);
  expect(looks.length, `frames of ${name} that decode`).toBe(expected.frames);
  // Clocks of 90 kHz and of finer ones; no sum of roundings.
  packets.forEach(({ seconds }, n) => {
    expect(Math.abs(seconds - n * frameSeconds), `${name} frame ${n} at ${seconds}`).toBeLessThan(0.001);
  });
  expect(stream, name).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p', sample_aspect_ratio: '1:1' });
  expect(stream.field_order ?? 'progressive').toBe('progressive');

  // Segments begin with an IDR picture, on the grid, the same in every rung; 2 s between two at most.
  const [first] = video;
  const starts = playlist.segments.map((_, n) => packets.find(({ segment }) => segment === n)?.seconds ?? -1);
  for (const [n, start] of starts.entries()) {
    expect(Math.min(...idrSeconds.map((seconds) => Math.abs(seconds - start))), `${name} ${n}`).toBeLessThan(
      0.001,
    );
    expect(start - n * segmentSeconds, `${name} segment ${n}`).toBeLessThan(frameSeconds + 0.001);
    expect(start - n * segmentSeconds, `${name} segment ${n}`).toBeGreaterThan(-frameSeconds);
  }
  const gaps = [...idrSeconds, packets.length * frameSeconds].map((at, n, all) => at - (all[n - 1] ?? 0));
  expect(Math.max(...gaps), `${name} keyframes`).toBeLessThan(2.5 + frameSeconds);
  expect(idrSeconds.length).toBe(first?.idrSeconds.length);
  expect(playlist.segments.map(({ duration }) => duration)).toEqual(
    first?.playlist.segments.map(({ duration }) => duration),
  );
  if (expected.segments !== undefined) expect(playlist.segments.length, name).toBe(expected.segments);
  const total = playlist.segments.reduce((sum, { duration }) => sum + duration, 0);
  expect(Math.abs(total - packets.length * frameSeconds), `length of ${name}`).toBeLessThan(frameSeconds);

  if (expected.showsPattern === false) return;
  const numberOf = expected.numberOf ?? ((frame) => frame);
  const { isMixed = () => false } = expected;
  expect(
    looks.map(({ number }, n) => (isMixed(n) ? 'mixed' : number)),
    `frames of ${name}`,
  ).toEqual(looks.map((_, n) => (isMixed(n) ? 'mixed' : numberOf(n))));
  expect(looks[Math.floor(looks.length / 2)]?.corners, name).toEqual(patternCorners);
}

/** The length of segments that the tests ask for. */
const segmentSeconds = 2;

function rateOf({ rate: [num, den] = [25, 1] }: ExpectedFilm): number {
  return num / den;
}

function checkAudio(
  { name, packets, stream, playlist }: ReadRendition,
  endSeconds: number,
  allowsJoint = false,
): void {
  const isAac = stream.codec_name !== 'ac3';
  const frameSeconds = (isAac ? 1024 : 1536) / Number(stream.sample_rate);
  const jointSeconds = allowsJoint ? frameSeconds + 0.0001 : 0;
  if (isAac) expect(stream, name).toMatchObject({ codec_name: 'aac', profile: 'LC' });
  packets.forEach(({ seconds }, n) => {
    expect(Math.abs(seconds - n * frameSeconds), `${name} frame ${n} at ${seconds}`).toBeLessThan(
      0.001 + jointSeconds,
    );
  });
  const end = packets.length * frameSeconds;
  expect(end, `end of ${name}`).toBeGreaterThan(endSeconds - frameSeconds - jointSeconds);
  expect(end, `end of ${name}`).toBeLessThan(endSeconds + 2.5 * frameSeconds);
  const total = playlist.segments.reduce((sum, { duration }) => sum + duration, 0);
  expect(Math.abs(total - end), `length of ${name}`).toBeLessThan(frameSeconds + jointSeconds);
}

/** Apple's HLS authoring specification 1.26, 1.27, 9.1, 9.2, 9.11, 9.14, 9.15: what the playlist says is measured. */
function checkVariants({ master, video, audio, surround }: ReadFilm, expected: ExpectedFilm): void {
  expect(master.independentSegments).toBe(true);
  const variants = master.variants.filter(({ isIFrameOnly }) => !isIFrameOnly);
  const groups = surround.length > 0 ? 2 : 1;
  expect(variants.length).toBe((expected.size ? video.length : 1) * groups);
  if (!expected.size) return;
  const dearest = (rates: number[]) => Math.max(0, ...rates);
  for (const variant of variants) {
    const heard = variant.audio[0]?.groupId === 'surround' ? surround : audio;
    const sound = { average: dearest(heard.map(averageRate)), peak: dearest(heard.map(peakRate)) };
    const rendition = video.find(({ uris }) => uris[0] === variant.uri);
    if (!rendition) throw new Error(`${variant.uri} was not read`);
    const { name, stream } = rendition;
    const near = (measured: number) => [measured * 0.9, measured * 1.1] as const;
    const [lowest, highest] = near(averageRate(rendition) + sound.average);
    expect(variant.averageBandwidth, name).toBeGreaterThan(lowest);
    expect(variant.averageBandwidth, name).toBeLessThan(highest);
    const [lowestPeak, highestPeak] = near(peakRate(rendition) + sound.peak);
    expect(variant.bandwidth, name).toBeGreaterThan(lowestPeak);
    expect(variant.bandwidth, name).toBeLessThan(highestPeak);
    expect(variant.resolution, name).toEqual({ width: stream.width, height: stream.height });
    expect(Math.abs((variant.frameRate ?? 0) - rateOf(expected)), name).toBeLessThan(0.001);
    expect(variant.codecs, name).toBe(
      [codecOf(stream), ...(heard.length > 0 ? [heard === surround ? 'ac-3' : 'mp4a.40.2'] : [])].join(','),
    );
  }
  const largest = video.map(({ stream }) => [stream.width, stream.height]).sort(([a = 0], [b = 0]) => b - a);
  expect(largest[0]).toEqual(expected.size);
}

function averageRate({ sizes, playlist: { segments } }: ReadRendition): number {
  return (sum(sizes) * 8) / sum(segments.map(({ duration }) => duration));
}

/** Segments shorter than half the target are no run of their own (RFC 8216, 4.3.4.2). */
function peakRate(rendition: ReadRendition): number {
  const { sizes, playlist } = rendition;
  const rates = playlist.segments.map(({ duration }, n) =>
    duration >= playlist.targetDuration / 2 ? ((sizes[n] ?? 0) * 8) / duration : 0,
  );
  return Math.max(averageRate(rendition), ...rates);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** RFC 6381 with the profile's number and constraints of H.264, 7.4.2.1.1, as x264 writes them. */
function codecOf({ profile, level }: ReadRendition['stream']): string {
  const profiles: Record<string, string> = { 'Constrained Baseline': '42c0', Main: '4d40', High: '6400' };
  return `avc1.${profiles[profile]}${level.toString(16).padStart(2, '0')}`;
}

/** Poster and storyboard show what the film shows then. */
async function checkPictures(published: Published, expected: ExpectedFilm): Promise<void> {
  const { poster, tiles } = await readPictures(published, expected.turn);
  const [width, height] = expected.size ?? [0, 0];
  expect(poster, 'poster').toMatchObject({ width, height });
  // The last picture stands while the sound goes on.
  const endSeconds = Math.max((expected.frames ?? 0) / rateOf(expected), ...(expected.audioSeconds ?? []));
  expect(tiles[0]?.fromSeconds).toBe(0);
  expect(tiles.at(-1)?.toSeconds).toBeCloseTo(endSeconds, 1);
  tiles.forEach((tile, n) => {
    expect(tile.inside, `tile ${n}`).toBe(true);
    expect(tile.fromSeconds, `tile ${n}`).toBe(tiles[n - 1]?.toSeconds ?? 0);
    // Sides are even, so small tiles are not exactly of the film's shape.
    expect(Math.abs(tile.width - (tile.height * width) / height), `tile ${n}`).toBeLessThanOrEqual(
      2 * Math.max(1, width / height),
    );
  });
  if (expected.showsPattern === false) return;
  const numberOf = expected.numberOf ?? ((frame) => frame);
  expect(poster.look.corners, 'poster').toEqual(patternCorners);
  for (const [n, { fromSeconds, look }] of tiles.entries()) {
    const frame = Math.ceil(fromSeconds * rateOf(expected) - 0.05);
    if (expected.isMixed?.(frame) || expected.isMixed?.(frame - 1)) continue;
    expect([numberOf(frame), numberOf(frame - 1)], `tile ${n} at ${fromSeconds}`).toContain(look.number);
    expect(look.corners, `tile ${n}`).toEqual(patternCorners);
  }
}
