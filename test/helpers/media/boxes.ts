/** Offsets of every box of one type in an MP4 file, however deep: found by its name, so a name in the data counts too. */
export function findBoxes(file: Buffer, type: string): number[] {
  const found: number[] = [];
  for (let at = file.indexOf(type, 4, 'latin1'); at !== -1; at = file.indexOf(type, at + 4, 'latin1')) {
    found.push(at - 4);
  }
  return found;
}

/** Puts bytes at the end of the box at the end of `path`, such as `moov/trak`; the boxes around it grow with it. */
export function appendToBox(file: Buffer, path: string, bytes: Buffer): Buffer {
  let from = 0;
  const sizes: number[] = [];
  for (const type of path.split('/')) {
    const at = findBoxes(file, type).find((offset) => offset >= from);
    if (at === undefined) throw new Error(`no box ${path}`);
    sizes.push(at);
    from = at + 8;
  }
  const last = sizes.at(-1) ?? 0;
  const end = last + file.readUInt32BE(last);
  const grown = Buffer.concat([file.subarray(0, end), bytes, file.subarray(end)]);
  for (const at of sizes) grown.writeUInt32BE(file.readUInt32BE(at) + bytes.length, at);
  return grown;
}

/** A Macintosh alias record as QuickTime has it in `dref`: media that lies in another file, named by its path. */
export function aliasTo(path: string): Buffer {
  const name = Buffer.from(path, 'latin1');
  const head = Buffer.alloc(12 + 10 + 28 + 12 + 64 + 16 + 4 + 16);
  head.write('alis', 4, 'latin1');
  const kind = Buffer.alloc(4);
  kind.writeUInt16BE(2, 0);
  kind.writeUInt16BE(name.length, 2);
  const padding = Buffer.alloc(name.length % 2);
  const record = Buffer.concat([head, kind, name, padding, Buffer.from([0xff, 0xff, 0, 0])]);
  record.writeUInt32BE(record.length, 0);
  return record;
}
