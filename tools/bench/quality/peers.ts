/**
 * How others encode the 1080p rendition of a film at up to 30 frames a second, with their defaults: the picture's arguments as
 * their sources have them, read in November 2026.
 */
export interface Peer {
  name: string;
  /** Where that stands. */
  source: string;
  /** Where it aims at an average bitrate, whatever the film is. */
  averageBitsPerSecond?: number;
  passes(film: { framesPerSecond: number }): string[][];
}

/**
 * Whether the peer's encode can be compared: an easy film with an average bitrate that is above all that this farm takes for it looks better than all of them,
 * and the slowest encodes of all need not be made.
 * @param ourBits a second, of this farm's encodes of the film
 */
export function isWithinReach({ averageBitsPerSecond = 0 }: Peer, ourBits: readonly number[]): boolean {
  return averageBitsPerSecond <= Math.max(...ourBits);
}

export const peers: readonly Peer[] = [
  {
    name: 'PeerTube',
    source: 'Chocobozzz/PeerTube, packages/ffmpeg/src/ffmpeg-default-transcoding-profile.ts',
    // Its average bitrate is 0.1 bit a pixel at 1080p (getAverageTheoreticalBitrate); its encoder's default CRF of 23 stays.
    passes: ({ framesPerSecond }) => {
      const rate = Math.floor(1080 * 1920 * framesPerSecond * 0.1);
      const limits = ['-maxrate', String(rate), '-bufsize', String(rate * 2)];
      const gop = [
        '-b_strategy',
        '1',
        '-bf',
        '16',
        '-g',
        String(framesPerSecond * 2),
        '-r',
        String(framesPerSecond),
      ];
      return [['-c:v', 'libx264', '-preset', 'veryfast', ...limits, ...gop]];
    },
  },
  {
    name: 'MediaCMS',
    source: 'mediacms-io/mediacms, files/helpers.py',
    passes: ({ framesPerSecond }) => {
      const gop = Math.trunc(framesPerSecond * 4);
      const limits = [
        '-maxrate',
        '6750k',
        '-bufsize',
        '6750k',
        '-force_key_frames',
        'expr:gte(t,n_forced*4)',
      ];
      const x264 = ['-x264-params', `keyint=${gop * 2}:keyint_min=${gop}`, '-preset', 'faster'];
      return [['-c:v', 'libx264', '-crf', '23', ...limits, ...x264, '-profile:v', 'main', '-level', '4.2']];
    },
  },
  {
    name: 'Encore',
    source: 'svt/encore, encore-web/src/test/resources/profile/program.yml (1080p)',
    averageBitsPerSecond: 3_100_000,
    passes: () => {
      const rates = ['-b:v', '3100k', '-maxrate', '4700k', '-bufsize', '6200k'];
      const key = ['-force_key_frames', 'expr:not(mod(n,96))', '-profile:v', 'high', '-level', '4.1'];
      const x264 =
        'deblock=0,0:aq-mode=1:aq-strength=1.0:b-adapt=2:bframes=6:b-bias=0:b-pyramid=2:chroma-qp-offset=-2:direct=auto:' +
        'rc-lookahead=60:keyint=192:keyint_min=96:me=hex:merange=16:cabac=1:partitions=all:ref=4:scenecut=40:subme=9:trellis=2:weightp=2';
      const pass = (n: number) => [
        '-c:v',
        'libx264',
        ...rates,
        ...key,
        '-x264-params',
        x264,
        '-pass',
        String(n),
      ];
      return [1, 2].map((n) => [...pass(n), '-passlogfile', 'PASSLOG', ...(n === 1 ? ['-f', 'mp4'] : [])]);
    },
  },
  {
    name: 'shaka-streamer',
    source: 'shaka-project/shaka-streamer, streamer/transcoder_node.py and bitrate_configuration.py',
    averageBitsPerSecond: 5_000_000,
    passes: ({ framesPerSecond }) => {
      // Its segments are of four seconds.
      const gop = String(Math.trunc(4 * framesPerSecond));
      const flags = ['-preset', 'slow', '-flags', '+loop+cgop', '-profile:v', 'high'];
      return [['-c:v', 'libx264', ...flags, '-b:v', '5M', '-keyint_min', gop, '-g', gop]];
    },
  },
];
