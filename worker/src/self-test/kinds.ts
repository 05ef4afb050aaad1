/** One kind of film that owners send, and how ffmpeg makes a small one of it. */
export interface SourceKind {
  name: string;
  /** Of the test pattern. */
  size: string;
  rate: number;
  /** Encodes the test pattern. */
  args: readonly string[];
}

const hd = { size: '1920x1080', rate: 25 };
const yuv = ['-pix_fmt', 'yuv420p'];
const tenBits = ['-pix_fmt', 'yuv420p10le'];
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', ...yuv];
const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'];
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'];
const pq = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];

/** Every way that `choosePath` and `prepareFilters` know, the smallest and the largest sizes, and NVDEC's 32 surfaces. */
export const sourceKinds: readonly SourceKind[] = [
  { name: 'H.264', ...hd, args: h264 },
  { name: 'H.264, 16 references', ...hd, args: [...h264, '-refs', '16', '-bf', '8'] },
  { name: 'H.264, 50 frames/s', size: '1920x1080', rate: 50, args: h264 },
  { name: 'H.264, 2160p', size: '3840x2160', rate: 25, args: h264 },
  { name: 'H.264, portrait 480x1920', size: '480x1920', rate: 25, args: h264 },
  { name: 'H.264, wide pixels', size: '1440x1080', rate: 25, args: ['-vf', 'setsar=4/3', ...h264] },
  {
    name: 'H.264, interlaced',
    size: '1920x1080',
    // Two frames of the pattern become the fields of one.
    rate: 50,
    args: ['-vf', 'interlace=lowpass=0', ...h264, '-flags', '+ilme+ildct', '-x264-params', 'tff=1'],
  },
  {
    name: 'H.264, full range',
    ...hd,
    args: ['-vf', 'scale=out_range=pc', ...h264, '-color_range', 'pc'],
  },
  { name: 'H.264, 4:2:2 in 10 bits', ...hd, args: [...h264, '-pix_fmt', 'yuv422p10le'] },
  { name: 'HEVC', ...hd, args: [...hevc, ...yuv] },
  { name: 'HEVC, 10 bits', ...hd, args: [...hevc, ...tenBits] },
  { name: 'HEVC, HDR (PQ)', ...hd, args: [...hevc, ...tenBits, ...pq] },
  { name: 'VP8', ...hd, args: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', ...yuv] },
  { name: 'VP9', ...hd, args: [...vp9, ...yuv] },
  { name: 'VP9, 10 bits', ...hd, args: [...vp9, ...tenBits] },
  { name: 'AV1', ...hd, args: ['-c:v', 'libsvtav1', '-preset', '12', ...yuv] },
  { name: 'MPEG-2', ...hd, args: ['-c:v', 'mpeg2video', '-q:v', '4', ...yuv] },
  { name: 'ProRes', ...hd, args: ['-c:v', 'prores_ks', '-profile:v', '2'] },
];
