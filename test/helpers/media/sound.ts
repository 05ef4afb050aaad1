import { ffmpeg } from './clips.ts';
import type { ReadRendition } from './read-film.ts';

const samplesPerSecond = 48_000;

/** A published audio rendition, decoded to one channel. */
export interface Sound {
  seconds: number;
  /** When it first becomes loud after a moment; undefined where it stays silent. */
  onsetAfter(seconds: number): number | undefined;
  /** Loudest sample in a span. */
  peak(fromSeconds: number, toSeconds: number): number;
  /** Of what is heard of a tone. */
  amplitude(hertz: number, fromSeconds: number, toSeconds: number): number;
  /** Loudest sample in a span when a tone is taken away. */
  residue(hertz: number, fromSeconds: number, toSeconds: number): number;
  /** Of a tone, from how often it changes its sign. */
  hertz(fromSeconds: number, toSeconds: number): number;
}

/** @param channel the name of the only one to listen to; else all of them are mixed */
export function listen({ joinedPath }: ReadRendition, channel?: string): Promise<Sound> {
  const only = channel ? ['-af', `pan=mono|c0=${channel}`] : [];
  return listenTo('-xerror', '-i', joinedPath, ...only);
}

/** @param input of ffmpeg, with its options */
export async function listenTo(...input: string[]): Promise<Sound> {
  const raw = ['-ac', '1', '-ar', String(samplesPerSecond), '-f', 'f32le', '-'];
  const bytes = await ffmpeg(...input, ...raw);
  const samples = new Float32Array(Uint8Array.from(bytes).buffer);
  const span = (from: number, to: number) =>
    samples.subarray(Math.round(from * samplesPerSecond), Math.round(to * samplesPerSecond));
  return {
    seconds: samples.length / samplesPerSecond,
    onsetAfter(seconds) {
      const from = Math.round(seconds * samplesPerSecond);
      const found = samples.subarray(from).findIndex((sample) => Math.abs(sample) > 0.1);
      return found < 0 ? undefined : (from + found) / samplesPerSecond;
    },
    peak: (from, to) => span(from, to).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
    amplitude(hertz, from, to) {
      const { sine, cosine } = nearestTone(span(from, to), hertz);
      return Math.hypot(sine, cosine);
    },
    residue(hertz, from, to) {
      const part = span(from, to);
      const { sine, cosine } = nearestTone(part, hertz);
      const rest = part.map(
        (sample, n) => sample - sine * Math.sin(turn(hertz, n)) - cosine * Math.cos(turn(hertz, n)),
      );
      return rest.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    },
    hertz(from, to) {
      const part = span(from, to);
      const changes = part.filter((sample, n) => n > 0 && sample >= 0 !== (part[n - 1] ?? 0) >= 0);
      return changes.length / 2 / (to - from);
    },
  };
}

function turn(hertz: number, sample: number): number {
  return (2 * Math.PI * hertz * sample) / samplesPerSecond;
}

/** Which tone comes nearest to the samples. */
function nearestTone(samples: Float32Array, hertz: number): { sine: number; cosine: number } {
  let [sine, cosine] = [0, 0];
  for (const [n, sample] of samples.entries()) {
    sine += (2 * sample * Math.sin(turn(hertz, n))) / samples.length;
    cosine += (2 * sample * Math.cos(turn(hertz, n))) / samples.length;
  }
  return { sine, cosine };
}
