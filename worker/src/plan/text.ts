import type { SubtitleKind, TextStream } from '../probe/media.ts';
import { languageName, makeUnique, readable } from './labels.ts';
import type { TextRendition, TextSource } from './plan.ts';

/** Subtitles in a file beside the film, or wherever its job says. */
export interface SideFile {
  /** As a job's source: a key, `s3://bucket/key`, or a URL. */
  source: string;
  /** Of what was there when the film was planned. */
  version: string;
  language?: string | undefined;
  kind: SubtitleKind;
  name?: string | undefined;
  default?: boolean | undefined;
  encoding?: string | undefined;
}

/** More tracks than this make a menu that no viewer reads. */
const maxTracks = 64;

type Track = Omit<TextRendition, 'name' | 'label' | 'default'> & {
  title?: string | undefined;
  wantsDefault: boolean;
};

/** Each subtitle stream, and each file beside the film; a file stands for streams of its language and kind. */
export function planText(
  streams: readonly TextStream[],
  files: readonly SideFile[],
): { text: TextRendition[]; warnings: string[] } {
  const isReplaced = (stream: TextStream) =>
    files.some(({ language, kind }) => language === stream.language && kind === stream.kind);
  const tracks: Track[] = [
    ...streams.filter((stream) => !isReplaced(stream)).map(ofStream),
    ...files.map(ofFile),
  ];
  const chosen = tracks.slice(0, maxTracks);
  const main = chosen.find(({ wantsDefault }) => wantsDefault);
  const labels = makeUnique(chosen.map(subtitleLabel));
  return {
    text: chosen.map((track, n) => {
      const { title, wantsDefault, ...rest } = track;
      const name = ['text', n, track.language].filter((word) => word !== undefined).join('-');
      return { name, label: labels[n] ?? name, ...rest, default: track === main };
    }),
    warnings: [
      ...streams
        .filter(isReplaced)
        .map(({ index }) => `subtitle stream ${index} was left out: a file beside the film has its language`),
      ...(tracks.length > maxTracks
        ? [`${tracks.length - maxTracks} subtitles were left out: ${maxTracks} tracks are the most`]
        : []),
    ],
  };
}

function ofStream({ index, codec, language, title, kind }: TextStream): Track {
  const from: TextSource = { kind: 'stream', index, codec };
  return { language, kind, from, title, wantsDefault: false };
}

function ofFile({
  source,
  version,
  encoding,
  language,
  kind,
  name,
  default: wantsDefault = false,
}: SideFile): Track {
  const from: TextSource = { kind: 'file', source, version, encoding };
  return { language, kind, from, title: name, wantsDefault };
}

const kindNames: Readonly<Record<SubtitleKind, string | undefined>> = {
  subtitles: undefined,
  sdh: 'SDH',
  forced: 'forced',
};

/** What viewers choose by. */
export function subtitleLabel({
  title,
  language,
  kind,
}: {
  title?: string | undefined;
  language?: string | undefined;
  kind: SubtitleKind;
}): string {
  const note = kindNames[kind];
  const name = languageName(language) ?? 'Subtitles';
  return readable(title) ?? (note === undefined ? name : `${name} (${note})`);
}
