import type { FfprobeStream } from './ffprobe-json.ts';
import { normalizeLanguage } from './language.ts';
import type { SubtitleKind, TextStream } from './media.ts';

/** Subtitles that ffmpeg reads as text, by its name for them. */
const textCodecs = new Set([
  ...['subrip', 'srt', 'text', 'mov_text', 'ass', 'ssa', 'webvtt', 'ttml', 'dvb_teletext'],
  ...['sami', 'realtext', 'subviewer', 'subviewer1', 'stl', 'mpl2', 'microdvd', 'jacosub', 'pjs', 'vplayer'],
]);

/** Subtitles that are pictures. */
const bitmapCodecs: Readonly<Record<string, string>> = {
  hdmv_pgs_subtitle: 'PGS',
  dvb_subtitle: 'DVB',
  dvd_subtitle: 'VobSub',
  xsub: 'XSUB',
};

export function textStreams(streams: readonly FfprobeStream[], foreign: ReadonlySet<number>): TextStream[] {
  return streams
    .filter((stream) => isText(stream) && !foreign.has(stream.index))
    .map((stream) => ({
      index: stream.index,
      codec: stream.codec_name ?? '',
      language: normalizeLanguage(stream.tags.language),
      title: stream.tags.title?.trim() || undefined,
      kind: kindOf(stream),
    }));
}

/** Why a subtitle stream is not published; undefined for text. */
export function whyNoText(stream: FfprobeStream): string | undefined {
  if (isText(stream)) return undefined;
  const bitmap = bitmapCodecs[stream.codec_name ?? ''];
  return bitmap === undefined
    ? 'ffmpeg reads no text in it'
    : `${bitmap} subtitles are pictures, and only text is published; add them as text, such as film.en.srt`;
}

function isText({ codec_type, codec_name }: FfprobeStream): boolean {
  return codec_type === 'subtitle' && textCodecs.has(codec_name ?? '');
}

/** As the file marks it, or else as its title says. */
function kindOf({ disposition, tags }: FfprobeStream): SubtitleKind {
  if (disposition.forced) return 'forced';
  if (disposition.hearing_impaired) return 'sdh';
  const title = tags.title ?? '';
  if (/\bforced\b/i.test(title)) return 'forced';
  return /\b(sdh|hearing[ -]impaired|hard of hearing|closed captions?|cc)\b/i.test(title)
    ? 'sdh'
    : 'subtitles';
}
