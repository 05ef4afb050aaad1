import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { PatientCalls } from './calls.ts';
import type { ListedObject, Listing } from './store.ts';

/** What a page of a thousand keys may have, for its time limit. */
const pageBytes = 2 ** 20;

/** Lists a bucket page by page. */
export class Lister {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #calls: PatientCalls;

  constructor(client: S3Client, bucket: string, calls: PatientCalls) {
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
  }

  /** Each page with the storage's time. */
  async *pages(prefix: string, signal?: AbortSignal): AsyncGenerator<Listing> {
    let token: string | undefined;
    do {
      // XML cannot carry every character that a key may have.
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        ContinuationToken: token,
        EncodingType: 'url',
      });
      let at = new Date();
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          at = dateOf(result.response) ?? new Date();
          return result;
        },
        { step: 'deserialize' },
      );
      const call = { action: 'list', key: prefix, signal };
      const page = await this.#calls.limited(call, pageBytes, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      yield { at, objects: objectsOn(page) };
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }
}

/** The storage's clock, by the header `date` of its answer. */
function dateOf(response: unknown): Date | undefined {
  const { headers } = response as { headers?: Readonly<Record<string, string>> };
  const date = new Date(headers?.date ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function objectsOn({ Contents = [], EncodingType }: ListObjectsV2CommandOutput): ListedObject[] {
  return Contents.flatMap(({ Key, Size, ETag, LastModified }) => {
    if (Key === undefined) return [];
    const key = EncodingType === 'url' ? decodeListed(Key) : Key;
    return [{ key, sizeBytes: Size ?? 0, etag: ETag ?? '', lastModified: LastModified }];
  });
}

/** Form encoding, as S3 does it: a space comes as "+", a plus as "%2B". */
function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
