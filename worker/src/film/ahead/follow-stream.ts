import type { PlanFolder } from '../../protocol/job-folder.ts';
import { initSegmentName, segmentName } from '../../publish/media-playlist.ts';
import type { ListedObject, Store } from '../../storage/store.ts';
import { ObjectList } from '../after/object-list.ts';

/** Renditions of a film that is being made: what storage has of each without a gap, whoever made it. */
export class StreamFollower {
  readonly #folder: PlanFolder;
  readonly #output: Pick<Store, 'listAll'>;
  readonly #lists = new Map<string, ObjectList>();

  constructor(folder: PlanFolder, output: Pick<Store, 'listAll'>) {
    this.#folder = folder;
    this.#output = output;
  }

  /** The init segment and the segments of a rendition; it grows as they are published. */
  list(rendition: string): ObjectList {
    const list = this.#lists.get(rendition) ?? ObjectList.growing();
    this.#lists.set(rendition, list);
    return list;
  }

  /** Finds what was published since. */
  async look(signal: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.#lists].map(async ([rendition, list]) => {
        const prefix = this.#folder.file(`${rendition}/`);
        const { objects } = await this.#output.listAll(prefix, signal);
        const found = new Map(objects.map((object) => [object.key, object]));
        const next: ListedObject[] = [];
        for (;;) {
          const object = found.get(prefix + nameOf(list.length + next.length));
          if (object === undefined) break;
          next.push(object);
        }
        list.add(next);
      }),
    );
  }
}

function nameOf(index: number): string {
  return index === 0 ? initSegmentName : segmentName(index - 1, 'fmp4');
}
