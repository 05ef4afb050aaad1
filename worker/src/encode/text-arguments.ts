import type { Plan, TextRendition } from '../plan/plan.ts';

/** A subtitle stream of the film, and the file on disk that ffmpeg writes it to. */
export interface StreamText {
  rendition: TextRendition;
  index: number;
  codec: string;
  file: string;
}

/** What is written of a codec: what it is, where that loses nothing, else SubRip, for which ffmpeg has bold, italic and place. */
const formats: Readonly<Record<string, { codec: string; format: string }>> = {
  webvtt: { codec: 'copy', format: 'webvtt' },
  ass: { codec: 'copy', format: 'ass' },
  ssa: { codec: 'copy', format: 'ass' },
  subrip: { codec: 'copy', format: 'srt' },
  srt: { codec: 'copy', format: 'srt' },
  text: { codec: 'copy', format: 'srt' },
  // ffmpeg has no decoder of it: each packet is a document.
  ttml: { codec: 'copy', format: 'data' },
};

export function streamTexts(plan: Plan): StreamText[] {
  return (plan.text ?? []).flatMap((rendition) => {
    const { from, name } = rendition;
    return from.kind === 'stream'
      ? [{ rendition, index: from.index, codec: from.codec, file: `${name}.txt` }]
      : [];
  });
}

/**
 * One ffmpeg process writes each stream to a file, in the container's own time. The first audio (or else the video) is read along
 * with them and thrown away: by its time one sees that ffmpeg is at work where no one speaks for minutes.
 */
export function textArguments(plan: Plan, texts: readonly StreamText[]) {
  const teletext = texts.some(({ codec }) => codec === 'dvb_teletext');
  const companion = plan.audio[0]?.streamIndexes[0] ?? plan.video?.streamIndex;
  return {
    inputArgs: [
      '-copyts',
      // Pages of subtitles only, as text and not as pictures. A page stands until the next one comes, which may be never.
      ...(teletext
        ? ['-txt_page', 'subtitle', '-txt_format', 'text', '-txt_duration', '30000', '-fix_sub_duration']
        : []),
    ],
    outputArgs: [
      ...texts.flatMap(({ index, codec, file }) => {
        const output = formats[codec] ?? { codec: 'srt', format: 'srt' };
        return [
          ...['-map', `0:${index}`, '-c:s', output.codec, '-map_metadata', '-1', '-map_chapters', '-1'],
          ...['-avoid_negative_ts', 'disabled', '-flush_packets', '0', '-f', output.format, file],
        ];
      }),
      ...(companion === undefined ? [] : ['-map', `0:${companion}`, '-c', 'copy', '-f', 'null', '-']),
    ],
  };
}
