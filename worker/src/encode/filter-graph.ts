import { lastFrameAsListed } from '../ffmpeg/version.ts';
import type { ClipPlan, FitPlan, VideoPart, VideoPlan, VideoRendition } from '../plan/plan.ts';
import { draw } from './draw.ts';
import { seconds } from './seconds.ts';

/** The part's frames in a run, in seconds from the run's zero. */
export interface Span {
  fromSeconds: number;
  toSeconds: number;
}

/** What a part has of its own. */
interface Own {
  /** Filters that correct the film's timestamps. */
  clock?: readonly string[];
  /** Of joined clips, the one that the part is of. */
  clip?: ClipPlan | undefined;
  /** In a crossfade, the clip that it becomes, which is the second input. */
  into?: { video: VideoPlan; own: Own } | undefined;
}

interface FilterGraph {
  /** For `-filter_complex`; the renditions come out as [v0], [v1], ... */
  filters: string;
  /** Pictures made beside them, and their files. */
  pictures: { label: string; file: string }[];
}

/**
 * One decode for all: the film is prepared once, each rung is scaled from the one above it (a cascade costs less than
 * scaling every rung from the source), and pictures are taken from the rungs that fit them.
 */
export function filterGraph(video: VideoPlan, part: VideoPart, span: Span, own: Own = {}): FilterGraph {
  const chains: string[] = [];
  const pictures: FilterGraph['pictures'] = [];
  const posterIsHere =
    video.posterSeconds >= part.startSeconds &&
    video.posterSeconds < (part.endSeconds ?? Number.POSITIVE_INFINITY);

  const film = filmChain(video, part, span, own);
  const rungs = video.renditions;
  rungs.forEach((rendition, index) => {
    const last = index === rungs.length - 1;
    const takers = [`[v${index}]`];
    if (!last) takers.push(`[s${index}]`);
    if (index === 0 && posterIsHere) takers.push('[p]');
    if (last) takers.push('[t]');
    const scaled = index === 0 ? film : `[s${index - 1}]${scale(video, rendition)}`;
    chains.push(`${scaled},split=${takers.length}${takers.join('')}`);
  });

  if (posterIsHere) {
    const atSeconds = Math.max(video.posterSeconds - part.startSeconds + span.fromSeconds, 0);
    // The first frame as well, which the right one then replaces: see `blankSheet`.
    const chosen = `eq(n,0)+lt(prev_selected_t,${seconds(atSeconds)})*gte(t,${seconds(atSeconds)})`;
    chains.push(`[p]select='${chosen}',${[...download(video), jpeg()].join(',')}[poster]`);
    pictures.push({ label: 'poster', file: 'poster.jpg' });
  }
  const { intervalSeconds, tileWidth, tileHeight, columns, rows } = video.storyboard;
  const interval = seconds(intervalSeconds);
  // The first frame of every interval, counted from the part's start, so that no rounding adds up.
  const count = (t: string) => `floor((${t}-${seconds(span.fromSeconds)})/${interval})`;
  const everyInterval = `isnan(prev_selected_t)+gt(${count('t')},${count('prev_selected_t')})`;
  const tiles = [
    ...download(video),
    jpeg(`w=${tileWidth}:h=${tileHeight}:flags=area:`),
    ...['setsar=1', `tile=${columns}x${rows}`, 'setpts=PTS+1/TB'],
  ].join(',');
  const sheet = `${tileWidth * columns}x${tileHeight * rows}`;
  chains.push(
    `[t]select='${everyInterval}',${tiles}[tiles]`,
    `color=c=black:s=${sheet}:r=1:d=1,${jpeg()},setsar=1[blank]`,
    '[blank][tiles]concat=n=2[sheets]',
  );
  pictures.push({ label: 'sheets', file: `storyboard/${sheetPrefix(part)}%d.jpg` });
  return { filters: chains.join(';'), pictures };
}

/**
 * The first sheet is blank and not published: ffmpeg reports no progress until each of its outputs has had a frame, and the
 * first true sheet is full only near the part's end. True sheets are a second later, as `concat` gives one frame no length.
 */
export function blankSheet(part: VideoPart): string {
  return `${sheetPrefix(part)}0.jpg`;
}

function sheetPrefix({ index }: VideoPart): string {
  return `${String(index).padStart(4, '0')}-`;
}

/** Frames of this part alone, at the times they are shown, counted from the run's zero. */
function timing(
  video: VideoPlan,
  part: VideoPart,
  { fromSeconds, toSeconds }: Span,
  clip: ClipPlan | undefined,
): string[] {
  // The film begins at zero even when its first picture comes later, and a clip at its start.
  const start = part.startSeconds === (clip?.startSeconds ?? 0) ? ':start_time=0' : '';
  const { num, den } = video.frameRate;
  // `trim` rounds its times to the clock: it must be finer than a frame.
  // What is the default: `argumentsFor` has another for a version that does not know how long the last frame is.
  const end = video.listsFrames ? `:${lastFrameAsListed}` : '';
  const grid = video.timing === 'constant' ? [`fps=fps=${num}/${den}${start}${end}`, `settb=1/${num}`] : [];
  const isEnd = clip?.toSourceEnd && part.endSeconds === clip.endSeconds;
  const stand = isEnd ? [`tpad=stop_mode=clone:stop_duration=${standSeconds}`] : [];
  return [
    ...video.prepare,
    ...grid,
    ...stand,
    `trim=start=${seconds(fromSeconds)}:end=${seconds(toSeconds)}`,
  ];
}

/** Streams of one film seldom end at the moment that the header says: a clip's last picture stands until its end comes. */
const standSeconds = 1;

/** The film's stream as the largest rendition's frames, with its overlays. */
export function filmChain(video: VideoPlan, part: VideoPart, span: Span, own: Own = {}): string {
  const { clock = [], clip } = own;
  const [largest] = video.renditions;
  if (largest === undefined) throw new TypeError('A plan with video has a rendition of it.');
  if (own.into) return crossfade(video, part, span, { from: own, into: own.into, largest });
  const timed = [`[0:${video.streamIndex}]${[...clock, ...timing(video, part, span, clip)].join(',')}`];
  const said = sayColours(video);
  const drawn = draw(video, part.startSeconds - span.fromSeconds);
  if (video.path === 'cpu') return `${[...timed, ...sized(video, largest), said].join(',')}${drawn}`;
  const uploaded = video.path === 'upload' ? upload(video, largest, `${said}${drawn}`) : [];
  return [...timed, ...uploaded, scale(video, largest), said].join(',');
}

/** Both clips as the largest rendition's frames, from one to the other. The CPU does it: frames go to the GPU as one film. */
function crossfade(
  video: VideoPlan,
  part: VideoPart,
  span: Span,
  { from, into, largest }: { from: Own; into: NonNullable<Own['into']>; largest: VideoRendition },
): string {
  const said = sayColours(video);
  const side = (of: VideoPlan, { clock = [], clip }: Own, input: number) =>
    `[${input}:${of.streamIndex}]${[...clock, ...timing(of, part, span, clip), ...sized(of, largest), said].join(',')}`;
  // `xfade` takes frames with colour at every pixel alone.
  const fade = `xfade=transition=fade:duration=${seconds(span.toSeconds - span.fromSeconds)}:offset=0,format=yuv420p`;
  const faded =
    `${side(video, from, 0)}[from];${side(into.video, into.own, 1)}[into];` +
    `[from][into]${fade},${said}${draw(video, part.startSeconds - span.fromSeconds)}`;
  return video.path === 'cpu' ? faded : `${faded},hwupload_cuda,${scale(video, largest)},${said}`;
}

/** What is drawn on, or joined from clips, goes to the GPU in the size of the largest rendition. */
function upload(video: VideoPlan, largest: VideoRendition, drawn: string): string[] {
  if (video.overlays) return [...sized(video, largest), drawn, 'hwupload_cuda'];
  if (video.fit) return [...fitted(video, video.fit), 'hwupload_cuda'];
  return [`scale=${conversion(video)}`, 'format=yuv420p', 'hwupload_cuda'];
}

/** The first scaling makes the ladder's colours of the film's. */
function sized(video: VideoPlan, largest: VideoRendition): string[] {
  return video.fit ? fitted(video, video.fit) : [scaleOnCpu(largest, `:${conversion(video)}`)];
}

/** A clip in the picture of the film that it is joined to, whatever its own size. */
function fitted(video: VideoPlan, { width, height, filter, fromMatrix }: FitPlan): string[] {
  const matrix =
    fromMatrix === undefined ? '' : `in_color_matrix=${fromMatrix}:out_color_matrix=${video.colours.matrix}:`;
  return [
    `scale=w=${width}:h=${height}:flags=bicubic:${matrix}${conversion(video)}`,
    'format=yuv420p',
    ...(filter === undefined ? [] : [filter]),
    'setsar=1',
  ];
}

function scale({ path }: VideoPlan, rendition: VideoRendition): string {
  if (path === 'cpu') return scaleOnCpu(rendition);
  return `scale_cuda=w=${rendition.width}:h=${rendition.height}:interp_algo=bicubic:format=yuv420p,setsar=1`;
}

function scaleOnCpu({ width, height }: VideoRendition, colours = ''): string {
  return `scale=w=${width}:h=${height}:flags=bicubic${colours},setsar=1,format=yuv420p`;
}

/**
 * Limited range, which players expect and which `format` no longer implies from ffmpeg 7 on. The matrix is only ours to
 * choose where there was none.
 */
function conversion({ rgb, colours }: VideoPlan): string {
  return `${rgb ? `out_color_matrix=${colours.matrix}:` : ''}out_range=tv`;
}

function sayColours({ colours: { primaries, transfer, matrix } }: VideoPlan): string {
  return `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}:range=tv`;
}

/** Pictures are made by the CPU: only the chosen frames come back from video memory. */
function download({ path }: VideoPlan): string[] {
  return path === 'cpu' ? [] : ['hwdownload', 'format=yuv420p'];
}

/** JPEG files are in the colours of BT.601 and full range, whatever the film is in (JFIF 1.02). */
function jpeg(size = ''): string {
  return `scale=${size}out_color_matrix=bt601:out_range=pc,format=yuvj420p`;
}
