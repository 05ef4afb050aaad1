/**
 * What becomes of one colour of an HDR film, computed from the standards alone: the transfer functions of SMPTE ST 2084
 * and ARIB STD-B67 (ITU-R BT.2100), BT.2020 to BT.709 (BT.2087), the curve named "mobius" on the largest channel, and
 * BT.1886. All in double precision, with nothing of ffmpeg in it.
 */
export type Rgb = readonly [number, number, number];
type Transfer = 'pq' | 'hlg';

/** Light of 0 to 10,000 nits that a signal of 0 to 1 stands for; HLG on a display of 1,000 nits. */
export function toNits(signal: Rgb, transfer: Transfer): Rgb {
  if (transfer === 'pq') return map(signal, pqToNits);
  const scene = map(signal, hlgToScene);
  const luminance = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2];
  return map(scene, (value) => 1000 * value * Math.max(luminance, 1e-9) ** 0.2);
}

function pqToNits(signal: number): number {
  const [m1, m2] = [2610 / 16384, (2523 / 4096) * 128];
  const [c1, c2, c3] = [3424 / 4096, (2413 / 4096) * 32, (2392 / 4096) * 32];
  const root = signal ** (1 / m2);
  return 10_000 * (Math.max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1);
}

function hlgToScene(signal: number): number {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  return signal <= 0.5 ? signal ** 2 / 3 : (Math.exp((signal - c) / a) + b) / 12;
}

/** Y, Cb and Cr in 8 bits and limited range, of a colour in BT.2020. */
export function toSdr(nits: Rgb, curve: { linearTo: number; peak: number }): Rgb {
  const light = map(nits, (value) => value / 100);
  const bt709 = multiply(bt2020ToBt709, light);
  const largest = Math.max(...bt709, 1e-6);
  const scaled = map(bt709, (value) => (value * mobius(largest, curve)) / largest);
  const [red, green, blue] = map(scaled, (value) => encode(Math.min(1, Math.max(0, value))));
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [16 + 219 * luma, 128 + (112 * (blue - luma)) / 0.9278, 128 + (112 * (red - luma)) / 0.7874];
}

const bt2020ToBt709: readonly Rgb[] = [
  [1.6605, -0.5876, -0.0728],
  [-0.1246, 1.1329, -0.0083],
  [-0.0182, -0.1006, 1.1187],
];

/** The identity up to `linearTo`, then a hyperbola of the same slope that reaches 1 at the peak. */
function mobius(value: number, { linearTo: j, peak }: { linearTo: number; peak: number }): number {
  if (value <= j) return value;
  const a = (-j * j * (peak - 1)) / (j * j - 2 * j + peak);
  const b = (j * j - 2 * j * peak + peak) / (peak - 1);
  return (((b * b + 2 * b * j + j * j) / (b - a)) * (value + a)) / (value + b);
}

/** For a display as ITU-R BT.1886 has it. */
function encode(light: number): number {
  return light ** (1 / 2.4);
}

function multiply(matrix: readonly Rgb[], [x, y, z]: Rgb): Rgb {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Rgb;
}

function map(values: Rgb, change: (value: number) => number): Rgb {
  return values.map(change) as unknown as Rgb;
}

/** Y, Cb and Cr in 10 bits and limited range, of a signal in BT.2020 (non-constant luminance). */
export function toTenBits([red, green, blue]: Rgb): Rgb {
  const luma = 0.2627 * red + 0.678 * green + 0.0593 * blue;
  return map(
    [64 + 876 * luma, 512 + (448 * (blue - luma)) / 0.9407, 512 + (448 * (red - luma)) / 0.7373],
    Math.round,
  );
}
