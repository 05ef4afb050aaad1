import { type FileHandle, open, stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { fileProblem } from '../text/file-problem.ts';
import type { FileVersion } from './records.ts';

/** Size of a film on this machine. @throws UserError when it is not a file that can be read */
export async function filmSize(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`There is no film at ${path}.`);
  if (!found.isFile()) throw new UserError(`${path} is not a file. Give the path of one film.`);
  if (found.size === 0) throw new UserError(`${path} is empty (0 bytes).`);
  return found.size;
}

/** @throws UserError */
export function openFilm(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: Error) => {
    throw new UserError(`The film can't be read: ${fileProblem(error, path) ?? error.message}.`);
  });
}

/** @throws UserError when the file has become shorter */
export async function readBytes(
  file: FileHandle,
  path: string,
  start: number,
  length: number,
): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, start);
  if (bytesRead === length) return buffer;
  throw new UserError(`${path} became shorter while it was uploaded. Submit it again when it is whole.`);
}

/** Parts of two versions of a file would make a film that is neither. @throws UserError */
export async function assertUnchanged(
  file: FileHandle,
  { path, sizeBytes, mtimeMs }: Pick<FileVersion, 'path' | 'sizeBytes' | 'mtimeMs'>,
): Promise<void> {
  const now = await file.stat();
  if (now.size === sizeBytes && now.mtimeMs === mtimeMs) return;
  throw new UserError(`${path} changed while it was uploaded. Submit it again when it is whole.`);
}
