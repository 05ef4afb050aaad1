/** By the error code of Node. */
const problems: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the disk',
};

/**
 * What is wrong with a file, and which: the end of a sentence. Undefined for an error that is not of a file.
 * @param file where the error does not name it, as reading a folder does not
 */
export function fileProblem(error: unknown, file?: string): string | undefined {
  const { code = '', path = file } = error as NodeJS.ErrnoException;
  const problem = problems[code];
  return problem === undefined || path === undefined ? undefined : `${problem}: ${path}`;
}
