import { fingerprintOf } from './files.js';
import { records } from './records.js';
import { Upload } from './upload.js';

/** Films at the same time; each sends several parts at once. */
const atOnce = 2;

/** All uploads of this page. Reports by events: `change` when one comes or goes, `done` when a film is there. */
export class Uploads extends EventTarget {
  #uploads = [];
  #running = new Set();
  #isRestored = false;

  constructor() {
    super();
    window.addEventListener('beforeunload', (event) => {
      if (this.#running.size > 0) event.preventDefault();
    });
  }

  get all() {
    return this.#uploads;
  }

  /** What this browser has begun before. */
  async restore() {
    if (this.#isRestored) return;
    this.#isRestored = true;
    const found = await records.all();
    const known = new Set(this.#uploads.map(({ record }) => record.fingerprint));
    for (const record of found) {
      if (!known.has(record.fingerprint)) this.#append(new Upload(record));
    }
    this.#changed();
    this.#startNext();
  }

  /** Goes on with the films among these that were begun before. @returns the others */
  async resumeKnown(films) {
    const fresh = [];
    for (const film of films) {
      const fingerprint = await fingerprintOf(film.file);
      const known = this.#uploads.find(({ record }) => record.fingerprint === fingerprint);
      const earlier = known ? undefined : await records.find(fingerprint);
      if (known) this.#goOn(known, film.file);
      else if (earlier)
        this.#append(new Upload({ ...earlier, handle: film.handle ?? earlier.handle }, film.file));
      else fresh.push(film);
    }
    this.#changed();
    this.#startNext();
    return fresh;
  }

  #goOn(upload, file) {
    if (!upload.hasFile) {
      upload.giveFile(file);
      upload.wait();
    } else if (upload.state === 'paused' || upload.state === 'failed') void this.resume(upload);
  }

  /** New films to upload. @param films `{ file, handle, title, facts }` */
  async add(films, options, metadata) {
    for (const { file, handle, title, facts } of films) {
      const fingerprint = await fingerprintOf(file);
      const { name, size } = file;
      const record = {
        fingerprint,
        name,
        size,
        title: title.trim() || name,
        options,
        metadata,
        etags: {},
        handle,
      };
      this.#append(new Upload(record, file, facts));
    }
    this.#changed();
    this.#startNext();
  }

  /** Goes on; a file that was lost by a reload is found by its handle. */
  async resume(upload) {
    const { handle } = upload.record;
    if (!upload.hasFile && !upload.isSent && handle) {
      if ((await handle.requestPermission({ mode: 'read' })) !== 'granted') return;
      const file = await handle.getFile();
      if ((await fingerprintOf(file)) !== upload.record.fingerprint) return void (await this.remove(upload));
      upload.giveFile(file);
    }
    upload.wait();
    this.#startNext();
  }

  pauseAll() {
    for (const upload of this.#uploads) upload.pause();
  }

  async remove(upload) {
    this.#uploads = this.#uploads.filter((each) => each !== upload);
    this.#changed();
    await upload.remove();
  }

  /** Takes a finished one off the list. */
  dismiss(upload) {
    this.#uploads = this.#uploads.filter((each) => each !== upload);
    this.#changed();
  }

  #append(upload) {
    this.#uploads.push(upload);
  }

  #startNext() {
    for (const upload of this.#uploads) {
      if (this.#running.size >= atOnce) return;
      if (upload.state !== 'waiting' || !(upload.hasFile || upload.isSent)) continue;
      this.#running.add(upload);
      void upload.run().finally(() => {
        this.#running.delete(upload);
        if (upload.state === 'done') this.dispatchEvent(new CustomEvent('done', { detail: upload }));
        this.#startNext();
      });
    }
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
