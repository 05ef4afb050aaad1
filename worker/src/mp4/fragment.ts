import { type Box, findBox, readBoxes } from './boxes.ts';

/** A frame of a fragment. Times are in ticks of its track. */
export interface Sample {
  durationTicks: number;
  sizeBytes: number;
  /** From when it is decoded to when it is shown; may be negative. */
  offsetTicks: number;
  /** Needs no other frame. */
  isSync: boolean;
}

/** What samples have whose fragment says nothing of it: `trex` of an init segment. */
export interface SampleDefaults {
  durationTicks: number;
  sizeBytes: number;
  flags: number;
}

export interface Fragment {
  /** When its first sample is decoded. */
  decodeTicks: number;
  samples: Sample[];
}

/** Of a sample's flags (ISO/IEC 14496-12, 8.8.3.1). */
const isNonSync = 0x10000;

/** @throws Error when it has none */
export function readSampleDefaults(init: Buffer): SampleDefaults {
  const { body } = findBox(init, ['moov', 'mvex', 'trex']);
  return {
    durationTicks: init.readUInt32BE(body + 12),
    sizeBytes: init.readUInt32BE(body + 16),
    flags: init.readUInt32BE(body + 20),
  };
}

/**
 * A media segment's fragments, each with the media data behind it.
 * @throws Error when one has no media data, or other than its samples say
 */
export function* fragmentsOf(
  data: Buffer,
  defaults: SampleDefaults,
): Generator<{ fragment: Fragment; content: Box }> {
  const boxes = readBoxes(data);
  for (const [index, { type, body, end }] of boxes.entries()) {
    if (type !== 'moof') continue;
    const content = boxes[index + 1];
    if (content?.type !== 'mdat') throw new Error('a movie fragment has no media data after it');
    const fragment = readFragment(data, readBoxes(data, body, end), defaults);
    const bytes = fragment.samples.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (bytes !== content.end - content.body)
      throw new Error(`its samples are ${bytes} bytes, its media data ${content.end - content.body}`);
    yield { fragment, content };
  }
}

/** Reads `tfhd`, `tfdt` and all `trun` of a fragment (ISO/IEC 14496-12, 8.8.7, 8.8.12, 8.8.8). */
function readFragment(data: Buffer, moof: readonly Box[], trackDefaults: SampleDefaults): Fragment {
  const track = findBox(data, ['traf'], [...moof]);
  const boxes = readBoxes(data, track.body, track.end);
  const header = findBox(data, ['tfhd'], boxes);
  const flags = data.readUIntBE(header.body + 1, 3);
  const defaults = { ...trackDefaults };
  let at = header.body + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const next = () => {
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  if (flags & 0x8) defaults.durationTicks = next();
  if (flags & 0x10) defaults.sizeBytes = next();
  if (flags & 0x20) defaults.flags = next();

  const time = findBox(data, ['tfdt'], boxes);
  const decodeTicks =
    data[time.body] === 1 ? Number(data.readBigUInt64BE(time.body + 4)) : data.readUInt32BE(time.body + 4);
  const samples: Sample[] = [];
  for (const run of boxes.filter(({ type }) => type === 'trun')) readRun(data, run, samples, defaults);
  if (samples.length === 0) throw new Error('a movie fragment has no samples');
  return { decodeTicks, samples };
}

function readRun(data: Buffer, run: Box, samples: Sample[], defaults: SampleDefaults): void {
  const flags = data.readUIntBE(run.body + 1, 3);
  const count = data.readUInt32BE(run.body + 4);
  let at = run.body + 8 + (flags & 0x1 ? 4 : 0);
  const next = () => {
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  const firstFlags = flags & 0x4 ? next() : undefined;
  for (let index = 0; index < count; index++) {
    const durationTicks = flags & 0x100 ? next() : defaults.durationTicks;
    const sizeBytes = flags & 0x200 ? next() : defaults.sizeBytes;
    const ownFlags = flags & 0x400 ? next() : undefined;
    const offsetTicks = flags & 0x800 ? next() | 0 : 0;
    const sampleFlags = (index === 0 ? firstFlags : undefined) ?? ownFlags ?? defaults.flags;
    samples.push({ durationTicks, sizeBytes, offsetTicks, isSync: (sampleFlags & isNonSync) === 0 });
  }
}
