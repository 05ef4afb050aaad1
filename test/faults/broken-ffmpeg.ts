import { toolPath } from '../helpers/ffmpeg/tool-path.ts';
import { script } from '../helpers/local-farm/fault-farm.ts';

/**
 * Ways in which ffmpeg goes wrong, each a script in bash around the real one. Segments of a rendition are reported on file
 * descriptor 3, one line a segment: `00001.m4s,start,end`, in the folder of the rendition.
 */
const ways = {
  /** Works, at the speed of the film: slow enough to be met while it runs. */
  slow: 'exec "$real" -readrate 1 "$@"',
  /** Does nothing and says that all is well. */
  empty: 'exit 0',
  /** Ends well in the middle of its part. */
  short: 'exec "$real" -t 1 "$@"',
  /** Forgets to report a segment. */
  silent: '"$real" "$@" 3>/dev/null',
  /** Cuts each segment before it reports it. */
  cut: lineByLine('truncate -s -200 "$folder/$file"'),
  /** Leaves the end of each segment as zeros, as a disk does after a crash. */
  hollow: lineByLine('dd if=/dev/zero of="$folder/$file" bs=1 seek=600 count=4000 conv=notrunc 2>/dev/null'),
  /** Has 2 KiB for each file: writes fail beyond, as on a full disk. */
  full: 'trap "" XFSZ; ulimit -f 2; exec "$real" "$@"',
  /** Breaks as if its memory did. */
  segfault: '"$real" -readrate 1 "$@" & sleep 0.3; kill -SEGV $!; wait $!; kill -SEGV $$',
  hang: 'sleep 1000',
} as const;

export type Breakage = keyof typeof ways;

/** @param times breaks so often, and then works; for ever without it. The version and test pictures always work */
export function brokenFfmpeg(folder: string, way: Breakage, times?: number): Promise<string> {
  const name = `ffmpeg-${way}-${times ?? 'always'}-${Math.random().toString(36).slice(2)}`;
  const count = `${folder}/${name}.count`;
  return script(folder, name, [
    `real=${toolPath('ffmpeg')}`,
    'case "$*" in -version|*"-f lavfi"*) exec "$real" "$@";; esac',
    'case "$*" in *libx264*) ;; *) exec "$real" "$@";; esac',
    ...(times === undefined
      ? []
      : [`echo >>"${count}"`, `[ $(wc -l <"${count}") -gt ${times} ] && exec "$real" "$@"`]),
    ways[way],
  ]);
}

/** Runs a command for each `$file` in `$folder` before the line about it goes on. */
function lineByLine(command: string): string {
  return [
    'folder=240p; exec 9>&3',
    'set -o pipefail',
    `{ "$real" "$@" 3>&1 1>&8 | while IFS=, read -r file rest; do sleep 0.2; ${command}; echo "$file,$rest" >&9; done; } 8>&1`,
  ].join('\n');
}
