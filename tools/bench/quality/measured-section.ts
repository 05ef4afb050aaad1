import { table } from '../../cost/markdown.ts';
import type { CrfPoint, FilmFigures } from './analysis.ts';

/** The films of the bench with the table's CRF and with their own. */
export function filmsWithOwnCrf(films: readonly FilmFigures[]): string {
  const cells = ({ vmaf, bitsPerSecond }: CrfPoint) => [
    vmaf.mean.toFixed(1),
    `${(bitsPerSecond / 1e6).toFixed(2)} Mb/s`,
  ];
  const [first] = films;
  return table(
    ['film', `VMAF, CRF ${first?.ownCrf.ofTable.crf}:`, 'bits:', 'VMAF, its own CRF:', 'its CRF:', 'bits:'],
    films.map(({ name, ownCrf: { ofTable, own } }) => {
      const [vmaf = '', bits = ''] = cells(own);
      return [name, ...cells(ofTable), vmaf, String(own.crf), bits];
    }),
  );
}

/** How films are measured and tried by workers, and what was seen of it. */
export const measuredSection = (films: string) => `## Measured films

With the setting \`measure: vmaf\`, or \`options.measure\` in a job (\`farm submit --measure vmaf\`), a sample of each published film is compared with its source. The
figure is in \`status.json\`, webhooks, Postgres, the portal and \`farm status\`:

\`\`\`json
"measured": { "metric": "vmaf", "rendition": "1080p", "mean": 93.4, "fifthPercentile": 88.1, "frames": 68, "seconds": 12 }
\`\`\`

With \`minVmaf: 85\` (setting or job option) a film that looks worse has a warning. Nothing is made again: choose a higher quality, a slower preset or a
higher bitrate in the ladder.

- **When**: after the commit, so no viewer waits for it. The film is reported as \`published\` before, and the job ends some seconds later. A worker that takes over after the
  commit measures what was not measured yet; a figure that is recorded stays with the film.
- **What**: up to four stretches of three seconds, spread evenly over the film, every fourth frame (SSIM: every frame). A part of the film is read from its start, so stretches begin at most 20 s behind
  it; of a source that can't be sought (MPEG-TS, Matroska without an index) that is the film's first seconds alone.
- **Compared with what**: the largest rendition, in its own size, with the source behind the filters that its frames went through before the encoder: both fields of interlaced films, turned and
  cropped pictures, HDR after tone mapping, texts and images, clips in the joined picture. So the figure is the encoder's alone: what scaling a 4K film to 1080p or tone mapping takes is not in
  it. Crossfades are left out. Films that NVENC encodes are filtered by the CPU for this.
- **With what**: VMAF (model v0.6.1) where the worker finds an ffmpeg with libvmaf: in the image with \`measure: vmaf\` (68 MB more, [image.md](image.md)), else what \`FFMPEG_MEASURE_PATH\` names,
  else the worker's own. An ffmpeg without libvmaf, as Debian's, gives SSIM, named as such, and \`minVmaf\` warns that nothing is known then. So a job that asks for it on a farm without the setting
  gets SSIM. Not XPSNR: the filter of ffmpeg 7.1 crashes where a stream names no rate of frames.
- **What it costs**: 2 s of CPU time for three seconds of 1080p at 24 frames a second, and decoding up to 20 s of film before them: 10 to 30 s for a film, whatever its length. The source is read for it a
  second time, as far as it is needed.
- **When not**: where segments are encrypted, where the source was replaced or removed meanwhile, where the film was made before (send its job again with \`force\`), in a function that has less than 120 s left, and
  where measuring fails. The film is none the worse, and a warning says why.

## A CRF for each film

With the setting \`perFilmQuality\` (off by default) a worker gives each film the CRF with which the film itself has the VMAF of its quality. Before the film is planned it encodes up to
three stretches of 2 s (a film of 6 s or less as a whole) with the table's CRF, one that is 6 lower and one that is 6 higher, compares them with the source as for [measured
films](#measured-films), and takes the CRF by the parabola through the three.

- The CRF lies at most 7 from the table's: VMAF counts grain as detail, and films with grain would take many times the bits of others. All renditions have the same
  difference. The ladder's bitrates stay the caps, in the trial too.
- It is a part of the plan: a film that is sent again with the setting changed is made again. Workers that help follow the plan.
- It costs about a minute of CPU time at 1080p before the first segment: nine encodes of 2 s with \`veryfast\`, and as many comparisons. Slower presets take longer.
- It needs libvmaf: the image has it with this setting, as with \`measure: vmaf\`. Where it is missing, or the trial fails, the film has the table's CRF, and a warning says so.
- Texts and images are not drawn in the trial, and crossfades are not tried. NVENC's films and those that functions make have the table's number.

The films above, with the CRF that a worker finds for them, without the caps:

${films}

Workers themselves made the same films and three real clips on 29 November 2026 (x264 \`veryfast\`, ffmpeg 5.1, a ladder that caps at 40 Mb/s, measured as above). Every
one came within 1.5 of VMAF 93. The real clips:

| film           | VMAF, CRF 21 |      bits | VMAF, its own CRF | its CRF |       bits |
| -------------- | -----------: | --------: | ----------------: | ------: | ---------: |
| bunny, 1080p60 |         87.2 | 4.50 Mb/s |              93.0 |      17 |  7.47 Mb/s |
| bunny, 720p25  |         93.0 | 1.96 Mb/s |              93.0 |      21 |  1.96 Mb/s |
| bikes, 640x272 |         96.5 | 0.45 Mb/s |              93.6 |      24 |  0.33 Mb/s |

## Calibration

The table above is of made films. \`farm calibrate\` makes one of your own films, on your machine and with your encoder:

\`\`\`sh
farm calibrate --films FOLDER --presets veryfast,medium --measure-ffmpeg /opt/measuring/ffmpeg
farm calibrate --films FOLDER --encoder nvenc --presets p5 --measure-ffmpeg /opt/measuring/ffmpeg    # on a machine with the GPU
pulumi config set qualityTable '{"x264":{"veryfast":{"saver":25,"standard":22,"high":19.5}}}'        # as it prints
\`\`\`

It takes the first 4 s of each film, encodes the largest rendition as a worker does (without the caps) with four CRFs or CQs, measures VMAF, and finds the numbers with
which the films have the VMAF of each quality on average. Use films of 1080p like those that you publish: VMAF is made for that size. Without \`--films\` it makes
the films above. It needs an ffmpeg with libvmaf beside the one that encodes: that of the image with \`measure: vmaf\`, or of the Python package
\`imageio-ffmpeg\`. Presets that are not in the table keep this program's numbers. Films that are sent again after a change of the table are made again.

Seen running with x264 alone. With NVENC the arguments are tested, and no GPU was at hand.
`;
