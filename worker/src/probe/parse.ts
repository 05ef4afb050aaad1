import { type FfprobeJson, type FfprobePacket, type FfprobeStream, ffprobeSchema } from './ffprobe-json.ts';
import { findFrameRate } from './frame-rate.ts';
import { type ImmersiveMix, immersiveMixes } from './immersive-audio.ts';
import { normalizeLanguage } from './language.ts';
import type { AudioRole, AudioStream, Media, VideoStream } from './media.ts';
import type { Scanned } from './scan.ts';
import { textStreams, whyNoText } from './text-streams.ts';

/** Demuxers of ffmpeg that seek by an index, to the frame. MPEG-TS, FLV and the rest lose frames at a seek. */
const indexedFormats = ['mov', 'matroska'];

/** ffprobe's answer, and what a scan of all packets found where one was needed. */
interface Probed extends FfprobeJson {
  scanned?: Scanned;
}

const none: ReadonlySet<number> = new Set();

/**
 * ffprobe's JSON (streams, format, and the first packets of the chosen video stream) in our words. Pure.
 * @param empty indexes of streams that are announced and hold nothing
 * @throws ZodError when it isn't ffprobe's JSON
 */
export function parseProbe(json: unknown, sizeBytes: number, scanned?: Scanned, empty = none): Media {
  const probed: Probed = { ...ffprobeSchema.parse(json), scanned };
  const { format, streams } = probed;
  const picked = pickVideo(streams);
  const video = picked && toVideo(picked, probed);
  const foreign = otherProgrammes(probed, picked);
  const mixes = immersiveMixes(probed.stream_groups);
  const inMix = new Set(mixes.flatMap(({ otherIndexes }) => otherIndexes));
  const audio = streams
    .filter((stream) => stream.codec_type === 'audio' && decodable(stream))
    .filter(({ index }) => !empty.has(index) && !foreign.has(index) && !inMix.has(index))
    .map((stream) => toAudio(stream, probed, mixes));
  const chosen = video ? [video, ...audio] : audio;
  const startSeconds = chosen.length > 0 ? Math.min(...chosen.map((stream) => stream.startSeconds)) : 0;
  const tellsLength = [format, ...streams].some(({ duration }) => duration !== undefined);
  const ends = chosen.map((stream) => stream.startSeconds + stream.durationSeconds - startSeconds);
  return {
    format: format.format_name,
    // Who left out the length left out the index too: it is a recording that was never finished.
    indexed: tellsLength && indexedFormats.some((name) => format.format_name.split(',').includes(name)),
    durationSeconds: round(Math.max(0, ...ends)),
    startSeconds,
    sizeBytes,
    streamCount: Math.max(format.nb_streams, streams.length),
    encrypted: isEncrypted(probed),
    ...(scanned && scanned.stretches.length > 1 ? { clock: [...scanned.stretches] } : {}),
    video,
    audio,
    text: textStreams(streams, foreign),
    leftOut: leftOut(probed, picked, empty, foreign, inMix),
  };
}

/**
 * The stream to be encoded: the file's default, else the largest picture. Covers and stills are not films, and neither is
 * the large still that a motion photo has beside its film.
 */
export function pickVideo(streams: readonly FfprobeStream[]): FfprobeStream | undefined {
  const films = streams.filter((stream) => stream.codec_type === 'video' && !isStill(stream));
  const most = Math.max(0, ...films.map((stream) => framesOf(stream) ?? 0));
  const rank = (stream: FfprobeStream) =>
    (decodable(stream) ? 8e12 : 0) +
    (4 * (framesOf(stream) ?? most) >= most ? 4e12 : 0) +
    (stream.disposition.default ? 2e12 : 0) +
    Math.min(1e12, stream.width * stream.height);
  return films.toSorted((a, b) => rank(b) - rank(a))[0];
}

function framesOf({ nb_frames, avg_frame_rate, duration }: FfprobeStream): number | undefined {
  if (nb_frames !== undefined) return nb_frames;
  if (avg_frame_rate === undefined || duration === undefined) return undefined;
  return (duration * avg_frame_rate.num) / avg_frame_rate.den;
}

function isStill({ disposition }: FfprobeStream): boolean {
  return Boolean(disposition.attached_pic || disposition.still_image || disposition.timed_thumbnails);
}

/** ffprobe names no sample format where ffmpeg has no decoder or found no whole frame. */
function decodable(stream: FfprobeStream): boolean {
  if (!stream.codec_name) return false;
  if (stream.codec_type === 'video') return stream.pix_fmt !== undefined;
  return stream.sample_fmt !== undefined && stream.channels > 0 && (stream.sample_rate ?? 0) > 0;
}

function toVideo(stream: FfprobeStream, probed: Probed): VideoStream {
  const { startSeconds, durationSeconds } = toTimes(stream, probed);
  const pixelFormat = stream.pix_fmt ?? '';
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    pixelFormat,
    bitDepth: bitDepth(pixelFormat),
    ...shownSize(stream),
    ...(startsWithoutKeyframe(probed.packets) ? { startsWithoutKeyframe: true as const } : {}),
    ...dolbyVisionOnly(stream),
    ...decodingDelay(probed),
    pixelAspect: stream.sample_aspect_ratio ?? { num: 1, den: 1 },
    rotation: rotation(stream),
    ...findFrameRate(stream, probed.packets, durationSeconds),
    interlaced: isInterlaced(stream, probed),
    hdr: { smpte2084: 'pq' as const, 'arib-std-b67': 'hlg' as const }[stream.color_transfer ?? ''],
    colorPrimaries: stream.color_primaries,
    colorTransfer: stream.color_transfer,
    colorSpace: stream.color_space,
    colorRange: stream.color_range,
    hasCaptions: hasCaptions(probed),
    startSeconds,
    durationSeconds,
  };
}

/** ffprobe reports the size before the container's crop, which ffmpeg applies to the frames wherever ffprobe reports it. */
function shownSize({ width, height, side_data_list }: FfprobeStream) {
  const crop = side_data_list.find(({ side_data_type }) => side_data_type === 'Frame Cropping');
  if (!crop) return { width, height };
  const { crop_left = 0, crop_right = 0, crop_top = 0, crop_bottom = 0 } = crop;
  return {
    width: width - crop_left - crop_right,
    height: height - crop_top - crop_bottom,
    croppedByContainer: true as const,
  };
}

/** An edit can begin between keyframes of which the first was cut away. */
function startsWithoutKeyframe(packets: readonly FfprobePacket[]): boolean {
  const shown = packets.findIndex(({ flags }) => !flags.includes('D'));
  return shown !== -1 && !packets.slice(0, shown + 1).some(({ flags }) => flags.includes('K'));
}

/**
 * Profile 5 of HEVC, and 10 of AV1 without a compatible layer: their colours are ICtCp bent by metadata, and green and
 * purple without it. ETSI TS 103 572; "Dolby Vision profiles and levels", section 2.
 */
function dolbyVisionOnly({ side_data_list }: FfprobeStream): Pick<VideoStream, 'dolbyVisionOnly'> {
  for (const { dv_profile, dv_bl_signal_compatibility_id } of side_data_list) {
    if (dv_profile === 5 || (dv_profile === 10 && dv_bl_signal_compatibility_id === 0))
      return { dolbyVisionOnly: dv_profile };
  }
  return {};
}

/**
 * AVI, and Matroska made like it, know the times at which frames are decoded and not when they are shown: players show the
 * first frame at the first of these times, and ffmpeg shows it when the frames it waits for are there.
 */
function decodingDelay({ packets, frames }: FfprobeJson): Pick<VideoStream, 'delaySeconds'> {
  const [packet, shownSeconds] = [packets[0], frames[0]?.best_effort_timestamp_time];
  if (packet?.dts_time === undefined || packet.pts_time !== undefined) return {};
  if (shownSeconds === undefined) return {};
  const delaySeconds = round(shownSeconds - packet.dts_time);
  return delaySeconds > 0 && delaySeconds < longestDelaySeconds ? { delaySeconds } : {};
}

/** H.264 waits for 16 frames at most, MPEG-4 for one. */
const longestDelaySeconds = 1;

/** DV is stored in fields, and its containers do not say so; of other films the first frames show it. */
function isInterlaced({ field_order, codec_name }: FfprobeStream, { frames }: FfprobeJson): boolean {
  if (field_order !== undefined) return /^(tt|bb|tb|bt)$/.test(field_order);
  const fields = frames.filter(({ interlaced_frame }) => interlaced_frame === 1).length;
  return codec_name === 'dvvideo' || fields > frames.length / 2;
}

function toAudio(stream: FfprobeStream, probed: Probed, mixes: readonly ImmersiveMix[]): AudioStream {
  const mix = mixes.find(({ substreams }) => substreams[0]?.index === stream.index);
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    channels: stream.channels,
    // Where ffmpeg knows only the number it writes "6 channels".
    channelLayout: /^\d+ channels/.test(stream.channel_layout ?? '') ? undefined : stream.channel_layout,
    sampleRate: stream.sample_rate ?? 0,
    language: normalizeLanguage(stream.tags.language),
    title: stream.tags.title?.trim() || undefined,
    default: Boolean(stream.disposition.default),
    role: audioRole(stream),
    ...(stream.disposition.original || stream.disposition.dub
      ? { version: stream.disposition.original ? ('original' as const) : ('dubbed' as const) }
      : {}),
    ...(mix && mix.substreams.length > 1 ? { substreams: mix.substreams } : {}),
    ...toTimes(stream, probed),
  };
}

/** Broadcasts have them with every frame, empty while no one speaks. */
function hasCaptions({ frames }: FfprobeJson): boolean {
  const sideData = frames.flatMap((frame) => frame.side_data_list);
  return sideData.some(({ side_data_type }) => side_data_type?.startsWith('ATSC A53'));
}

/** As the file marks it, or else as its title says. */
function audioRole({ disposition, tags }: FfprobeStream): AudioRole | undefined {
  if (disposition.comment) return 'commentary';
  if (disposition.visual_impaired || disposition.descriptions) return 'description';
  if (disposition.hearing_impaired) return 'clear-speech';
  const title = tags.title ?? '';
  if (/\bcommentary\b/i.test(title)) return 'commentary';
  return /\b(audio[ -]?description|described video|descriptive (audio|video))\b/i.test(title)
    ? 'description'
    : undefined;
}

/** Audio streams of a transport stream that belong to another programme than the video. */
function otherProgrammes({ programs }: FfprobeJson, picked: FfprobeStream | undefined): ReadonlySet<number> {
  const members = programs.map(({ streams }) => streams.map(({ index }) => index));
  const own = members.filter((indexes) => picked && indexes.includes(picked.index)).flat();
  return new Set(own.length === 0 ? [] : members.flat().filter((index) => !own.includes(index)));
}

/** From the stream, else the container, else its tags. Zero when nothing says. */
function toTimes(stream: FfprobeStream, { format, scanned }: Probed) {
  const startSeconds = stream.start_time ?? format.start_time ?? 0;
  const scannedEnd = scanned?.ends.get(stream.index);
  if (scannedEnd !== undefined) return { startSeconds, durationSeconds: round(scannedEnd - startSeconds) };
  if (stream.duration !== undefined) return { startSeconds, durationSeconds: stream.duration };
  const formatStart = format.start_time ?? 0;
  // Matroska has the time of the film's end, also when it doesn't start at zero, and each stream's in a tag.
  const end = format.format_name.startsWith('matroska')
    ? (clockSeconds(stream.tags.duration) ?? format.duration)
    : format.duration === undefined
      ? clockSeconds(stream.tags.duration ?? format.tags.duration)
      : formatStart + format.duration;
  return { startSeconds, durationSeconds: end === undefined ? 0 : round(Math.max(0, end - startSeconds)) };
}

/** `00:01:02.500000000` in seconds. */
function clockSeconds(text: string | undefined): number | undefined {
  const found = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '');
  return found ? Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]) : undefined;
}

/**
 * Clockwise, as a player turns it. ffprobe reports the display matrix counter-clockwise and the older `rotate` tag
 * clockwise; other angles than quarter turns are left alone, within the one degree that ffmpeg allows too.
 */
function rotation(stream: FfprobeStream): VideoStream['rotation'] {
  const matrix = stream.side_data_list.find((data) => data.rotation !== undefined)?.rotation;
  const clockwise = matrix === undefined ? Number(stream.tags.rotate ?? 0) : -matrix;
  const turn = ((Math.round(clockwise) % 360) + 360) % 360;
  return ([90, 180, 270] as const).find((quarter) => Math.abs(turn - quarter) <= 1) ?? 0;
}

/** ffmpeg's names end in the depth where it isn't 8: yuv420p10le, gbrp12be, gray16, p010le. */
export function bitDepth(pixelFormat: string): number {
  const semiPlanar = /^[px][024](\d\d)(le|be)?$/.exec(pixelFormat);
  const planar = /(?:p|gray|gbrap|gbrp|ya)(9|1[0246])(le|be)?$/.exec(pixelFormat);
  const packed = /^(rgb|bgr)(48)|^(rgba|bgra)(64)/.exec(pixelFormat);
  return Number(semiPlanar?.[1] ?? planar?.[1] ?? (packed ? 16 : 8));
}

function isEncrypted({ streams, packets }: FfprobeJson): boolean {
  const sideData = [...streams, ...packets].flatMap((item) => item.side_data_list);
  return (
    streams.some((stream) => /^(enc[avst]|drm[is])$/.test(stream.codec_tag_string ?? '')) ||
    sideData.some((data) => data.side_data_type?.startsWith('Encryption'))
  );
}

function leftOut(
  { streams, chapters }: FfprobeJson,
  picked: FfprobeStream | undefined,
  empty: ReadonlySet<number>,
  foreign: ReadonlySet<number>,
  inMix: ReadonlySet<number>,
): string[] {
  const warnings = streams.flatMap((stream) => {
    const name = `stream ${stream.index} (${stream.codec_name ?? 'unknown codec'})`;
    if (stream.codec_type === 'audio' && !decodable(stream)) return [`audio ${name} can't be decoded`];
    if (empty.has(stream.index)) return [`audio ${name} holds no sound`];
    if (stream.codec_type === 'audio' && foreign.has(stream.index))
      return [`audio ${name} was left out: it belongs to another programme than the video`];
    if (stream.codec_type === 'audio' && stream.disposition.dependent && !inMix.has(stream.index))
      return [`audio ${name} is a part of an immersive mix (IAMF) and is published as a separate track`];
    const noText = stream.codec_type === 'subtitle' ? whyNoText(stream) : undefined;
    if (noText !== undefined) return [`subtitle ${name} was left out: ${noText}`];
    if (stream.codec_type === 'video' && stream !== picked && !isStill(stream))
      return [`video ${name} was left out: one picture makes a film`];
    return [];
  });
  const count = chapters.length === 1 ? '1 chapter mark was' : `${chapters.length} chapter marks were`;
  return chapters.length > 0 ? [...warnings, `${count} left out: chapters are not published`] : warnings;
}

/** Microseconds, ffmpeg's own resolution: sums of its decimals carry noise behind that. */
function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
