/** VMAF of the frames that were looked at, pooled. */
export interface Vmaf {
  mean: number;
  harmonicMean: number;
  /** A twentieth of the frames is worse. */
  fifthPercentile: number;
}

/** Every so many frames one is looked at: a fourth of the time, and pooled figures within 0.2 of all frames'. */
const everyFrames = 4;

/**
 * Arguments that compare an encode with its film, scaled up to the film's size as a player on a full screen does. Both get
 * new timestamps: those of containers are rounded, and a pair of frames that are not the same one counts as a bad frame.
 */
export function vmafArguments(
  encoded: string,
  film: { path: string; width: number; height: number },
  log: string,
): string[] {
  const clock = 'settb=1/1000,setpts=N';
  const up = `scale=${film.width}:${film.height}:flags=bicubic,format=yuv420p`;
  const options = `n_subsample=${everyFrames}:n_threads=2:log_fmt=json:log_path=${log}`;
  const graph = `[0:v]${up},${clock}[e];[1:v]format=yuv420p,${clock}[f];[e][f]libvmaf=${options}`;
  return ['-v', 'error', '-nostdin', '-i', encoded, '-i', film.path, '-lavfi', graph, '-f', 'null', '-'];
}

/** Reads libvmaf's log. */
export function poolVmaf(log: string): Vmaf {
  const { frames } = JSON.parse(log) as { frames: { metrics: { vmaf: number } }[] };
  // The first frame has no motion yet, and a score that means nothing.
  const scores = frames
    .slice(1)
    .map(({ metrics }) => metrics.vmaf)
    .sort((a, b) => a - b);
  if (scores.length === 0) throw new Error('libvmaf looked at no frame.');
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  // libvmaf's own: one is added, as a score may be 0.
  const harmonicMean = scores.length / scores.reduce((sum, score) => sum + 1 / (score + 1), 0) - 1;
  return { mean, harmonicMean, fifthPercentile: scores[Math.floor(scores.length * 0.05)] ?? 0 };
}
