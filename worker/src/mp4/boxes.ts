/** Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), as far as a media segment needs them. */
export interface Box {
  type: string;
  /** Offset of the box itself in the buffer. */
  start: number;
  /** Offset of its content. */
  body: number;
  /** Offset after its last byte. */
  end: number;
}

/** @throws Error when a box is cut off or its size makes no sense */
export function readBoxes(data: Buffer, from = 0, to = data.length): Box[] {
  const boxes: Box[] = [];
  for (let start = from; start < to; ) {
    if (start + 8 > to) throw new Error(`a box is cut off at byte ${start}`);
    let size = data.readUInt32BE(start);
    const type = data.toString('latin1', start + 4, start + 8);
    let body = start + 8;
    if (size === 1) {
      if (start + 16 > to) throw new Error(`box "${type}" is cut off at byte ${start}`);
      size = Number(data.readBigUInt64BE(start + 8));
      body = start + 16;
    }
    const end = size === 0 ? to : start + size;
    if (end > to || end < body)
      throw new Error(`box "${type}" is cut off: it should end at byte ${end} of ${to}`);
    boxes.push({ type, start, body, end });
    start = end;
  }
  return boxes;
}

/** The first box at the end of a path of types. @throws Error when there is none */
export function findBox(data: Buffer, path: readonly string[], boxes = readBoxes(data)): Box {
  const [type, ...rest] = path;
  const box = boxes.find((candidate) => candidate.type === type);
  if (!box) throw new Error(`box "${type}" is missing`);
  return rest.length === 0 ? box : findBox(data, rest, readBoxes(data, box.body, box.end));
}
