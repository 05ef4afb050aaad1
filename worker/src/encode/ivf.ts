/** What a file of VP9 in IVF holds (https://wiki.multimedia.cx/index.php/IVF). Times are in seconds. */
export interface IvfFacts {
  frames: number;
  firstSeconds: number;
  lastSeconds: number;
}

/** Files that are read behind one another leave it out but for the first. */
export const ivfHeaderBytes = 32;

const frameHeaderBytes = 12;

/** Reads a file, whole to its last byte. @throws Error that says what is wrong with it */
export function readIvf(data: Buffer): IvfFacts {
  if (data.length < ivfHeaderBytes || data.toString('latin1', 0, 4) !== 'DKIF')
    throw new Error('it does not begin as IVF');
  if (data.toString('latin1', 8, 12) !== 'VP90') throw new Error('it holds no VP9');
  const ticksPerSecond = data.readUInt32LE(16) / data.readUInt32LE(20);
  const seconds: number[] = [];
  for (let at = ivfHeaderBytes; at < data.length; ) {
    if (at + frameHeaderBytes > data.length) throw new Error('its last frame has half a header');
    const end = at + frameHeaderBytes + data.readUInt32LE(at);
    if (end > data.length) throw new Error('its last frame is cut off');
    const time = Number(data.readBigUInt64LE(at + 4)) / ticksPerSecond;
    const before = seconds.at(-1);
    if (before === undefined) assertKeyframe(data[at + frameHeaderBytes] ?? 0);
    else if (time <= before) throw new Error(`a frame at ${time} s follows one at ${before} s`);
    seconds.push(time);
    at = end;
  }
  const [firstSeconds, lastSeconds] = [seconds[0], seconds.at(-1)];
  if (firstSeconds === undefined || lastSeconds === undefined) throw new Error('it holds no frame');
  return { frames: seconds.length, firstSeconds, lastSeconds };
}

/** Profile 0: a marker of two bits, two of the profile, `show_existing_frame` and `frame_type` (VP9 bitstream specification, 6.2). */
function assertKeyframe(first: number): void {
  if ((first & 0b1111_1100) !== 0b1000_0000) throw new Error('it does not begin with a keyframe');
}
