import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openSource } from '../../worker/src/source/open.ts';
import type { SourceObject } from '../../worker/src/source/source.ts';
import type { Store } from '../../worker/src/storage/store.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from '../farm/address.ts';
import { openBucket } from '../farm/buckets.ts';
import { filmSize } from '../upload/film-file.ts';

/**
 * A film by the name that `farm submit` takes: files on this machine come first, then URLs, then keys and buckets of the
 * farm. It is read as a worker reads it.
 * @param keep collects what is to be closed at the end
 * @throws UserError
 */
export async function openFilm(
  name: string,
  here: string,
  address: FarmAddress | undefined,
  keep: (store: Store) => void,
): Promise<SourceObject> {
  const path = resolve(here, name);
  const isFile = !/^(s3|https?):\/\//i.test(name) && (await stat(path).catch(() => undefined)) !== undefined;
  if (isFile) return fileSource(path);
  const storeFor = (bucket: string) => {
    if (address === undefined) {
      throw new UserError(
        `${path} is not here. For a film in a bucket, name its farm with --stack, --farm, FARM_STACK or FARM_FILE.`,
      );
    }
    const store = openBucket(address, 'source', bucket);
    keep(store);
    return store;
  };
  // The address is the user's own, from the user's own machine.
  const anyAddress = { allowHttp: true, allowPrivate: true };
  return openSource(name, { bucket: address?.sourceBucket ?? '', storeFor, ...anyAddress });
}

export function fileSource(path: string): SourceObject {
  return {
    name: path,
    async describe() {
      const sizeBytes = await filmSize(path);
      return { sizeBytes, etag: String((await stat(path)).mtimeMs) };
    },
    readRange: async (range) => createReadStream(path, range),
  };
}
