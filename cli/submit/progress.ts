import { basename } from 'node:path';
import { bar } from '../text/bar.ts';
import { type Live, openLive } from '../text/live.ts';
import { printable } from '../text/style.ts';

interface Row {
  name: string;
  share: number;
  /** Why the upload stands still, if it does. */
  waiting?: string | undefined;
}

/** One line for each film that goes up: drawn in place on a terminal, and elsewhere a line when an upload has to wait. */
export class UploadProgress {
  readonly #live: Live;
  readonly #stream: NodeJS.WriteStream;
  readonly #rows = new Set<Row>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#live = openLive(stream);
  }

  begin(name: string, isUploaded: boolean) {
    const row: Row = { name: printable(basename(name)), share: 0 };
    if (isUploaded) this.#rows.add(row);
    return {
      onShare: (share: number) => {
        row.share = share;
        row.waiting = undefined;
        this.#draw();
      },
      onWait: (why: string) => {
        if (row.waiting !== why) this.#say(`${row.name}: ${why}`);
        row.waiting = why;
        this.#draw();
      },
      onRestart: () =>
        this.#say(`${row.name}: the storage no longer has the earlier upload; it begins at 0 %.`),
      end: () => {
        this.#rows.delete(row);
        this.#draw();
      },
    };
  }

  /** Whether something of a film that is not submitted yet is there. */
  get hasBegun(): boolean {
    return [...this.#rows].some(({ share }) => share > 0);
  }

  clear(): void {
    this.#live.clear();
  }

  #draw(): void {
    this.#live.show([...this.#rows].map((row) => rowText(row, this.#stream.columns || 80)));
  }

  /** Terminals show the wait in the film's line. */
  #say(text: string): void {
    if (!this.#stream.isTTY) this.#stream.write(`${text}\n`);
  }
}

export function rowText({ name, share, waiting }: Row, columns: number): string {
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `  ${bar(share, columns < 60 ? 10 : 24)} ${percent} %  ${name}${waiting === undefined ? '' : `, ${waiting}`}`;
}
