import { UserError } from '../errors.ts';

/** A film, and the stretch of it that is wanted, in seconds. */
export interface NamedClip {
  name: string;
  from?: number;
  to?: number;
}

/** W3C, Media Fragments URI 1.0, 4.2.1: `#t=2,9`, `#t=2`, `#t=,9`. No shell reads anything else in it. */
const fragment = /^(.+)#t=(\d+(?:\.\d+)?)?(?:,(\d+(?:\.\d+)?))?$/;

/** `film.mov#t=2,9` is the film from 2 s to 9 s. @throws UserError for no name, and where the end is not after the beginning */
export function readClipName(text: string): NamedClip {
  if (text.trim() === '')
    throw new UserError('The name of a film is empty. Use a file, s3://BUCKET/KEY, or a URL.');
  const [, name, from, to] = fragment.exec(text) ?? [];
  if (name === undefined || (from === undefined && to === undefined)) return { name: text };
  if (to !== undefined && Number(to) <= Number(from ?? 0))
    throw new UserError(
      `${text} ends at ${to} s, which is not after its beginning. Write film.mov#t=FROM,TO.`,
    );
  return {
    name,
    ...(from === undefined ? {} : { from: Number(from) }),
    ...(to === undefined ? {} : { to: Number(to) }),
  };
}

export function isTrimmed({ from, to }: NamedClip): boolean {
  return from !== undefined || to !== undefined;
}
