/** What a file is that ffmpeg can read and the farm does not take, by ffmpeg's name of its format. */
interface FileKind {
  /** Goes on from "The file is ". */
  is: string;
  /** What its owner can do. */
  advice: string;
}

const uploadFilm = 'Upload the film itself.';
const intoContainer = 'Put it into a container first, for example with: ffmpeg -i FILE -c copy film.mkv';
const motionJpeg = 'ffmpeg -f mjpeg -i FILE -c copy film.mkv';
const encodeVideo = 'Encode it first, for example with: ffmpeg -i FILE -c:v libx264 -crf 12 film.mkv';
const encodeAudio = 'Encode it first, for example with: ffmpeg -i FILE -c:a flac sound.flac';

const playlist = { is: 'a playlist or a script that points to other files', advice: uploadFilm };
const picture = { is: 'a picture, not a film', advice: uploadFilm };

const kinds: Record<string, FileKind> = {
  hls: playlist,
  concat: playlist,
  concatf: playlist,
  dash: playlist,
  imf: playlist,
  sdp: playlist,
  rtsp: playlist,
  gif: { is: 'an animated picture (GIF), not a film', advice: encodeVideo },
  apng: { is: 'an animated picture (APNG), not a film', advice: encodeVideo },
  jpegxl_anim: { is: 'an animated picture (JPEG XL), not a film', advice: encodeVideo },
  jpeg_pipe: {
    is: 'a JPEG picture, or Motion JPEG without a container',
    advice: `Upload the film itself; if this is Motion JPEG, put it into a container: ${motionJpeg}`,
  },
  mjpeg: { is: 'Motion JPEG without a container', advice: `Put it into one: ${motionJpeg}` },
  yuv4mpegpipe: { is: 'uncompressed video (YUV4MPEG)', advice: encodeVideo },
  obu: { is: 'AV1 video without a container (OBU)', advice: intoContainer },
  av1: { is: 'AV1 video without a container (Annex B)', advice: intoContainer },
  vc1: { is: 'VC-1 video without a container', advice: intoContainer },
  dirac: { is: 'Dirac video without a container', advice: intoContainer },
  dts: { is: 'DTS sound without a container', advice: intoContainer },
  dtshd: { is: 'DTS-HD sound without a container', advice: intoContainer },
  truehd: { is: 'Dolby TrueHD sound without a container', advice: intoContainer },
  wv: { is: 'WavPack sound', advice: encodeAudio },
  tta: { is: 'True Audio sound (TTA)', advice: encodeAudio },
  ape: { is: "Monkey's Audio sound", advice: encodeAudio },
  tak: { is: 'TAK sound', advice: encodeAudio },
  au: { is: 'Sun AU sound', advice: encodeAudio },
  dsf: { is: 'DSD sound', advice: encodeAudio },
  mpc: { is: 'Musepack sound', advice: encodeAudio },
  mpc8: { is: 'Musepack sound', advice: encodeAudio },
};

const subtitles: Record<string, string> = {
  srt: 'SubRip, .srt',
  ass: 'ASS, .ass',
  webvtt: 'WebVTT, .vtt',
  sami: 'SAMI, .smi',
  sup: 'PGS, .sup',
  vobsub: 'VobSub, .idx',
  microdvd: 'MicroDVD, .sub',
  mpl2: 'MPL2, .mpl',
  lrc: 'LRC, .lrc',
  subviewer: 'SubViewer, .sub',
  subviewer1: 'SubViewer, .sub',
};

/** Demuxers of single pictures. */
const pictureFormats = /(_pipe$|^image2)/;

/** Two sentences about a file of a format that is not taken. */
export function describeKind(format: string): string {
  const { is, advice } = kindOf(format);
  return `The file is ${is}. ${advice}`;
}

/** Whether a format is one of pictures, which are not films even where ffmpeg reads them. */
export function isPictureFormat(format: string): boolean {
  return pictureFormats.test(format) || format === 'gif' || format === 'apng';
}

function kindOf(format: string): FileKind {
  const known = Object.hasOwn(kinds, format) ? kinds[format] : undefined;
  if (known) return known;
  const subtitle = Object.hasOwn(subtitles, format) ? subtitles[format] : undefined;
  if (subtitle) return { is: `subtitles (${subtitle}), not a film`, advice: uploadFilm };
  if (isPictureFormat(format)) return picture;
  return {
    is: `of a format that the farm does not take (${format})`,
    advice: 'Convert it to MP4 or Matroska first, for example with: ffmpeg -i FILE film.mkv',
  };
}
