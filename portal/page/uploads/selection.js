import { describe } from './files.js';

/**
 * Films that were chosen and not started yet: files of this device, and at most one address on the web. Reports changes by the
 * event `change`.
 */
export class Selection extends EventTarget {
  #items = [];

  get items() {
    return this.#items;
  }

  /** @param films as `filesOf` gives them */
  add(films) {
    for (const { file, handle } of films) {
      if (this.#items.some((item) => isSameFile(item.file, file))) continue;
      const item = { file, handle, title: file.name, bytes: file.size, facts: undefined };
      this.#items.push(item);
      void describe(file).then((facts) => {
        item.facts = facts;
        this.#changed();
      });
    }
    this.#changed();
  }

  addAddress(address) {
    const name = decodeURIComponent(new URL(address).pathname.split('/').findLast(Boolean) ?? address);
    this.#items = this.#items.filter((item) => item.address !== address);
    this.#items.push({ address, title: name, facts: {} });
    this.#changed();
  }

  remove(item) {
    this.#items = this.#items.filter((each) => each !== item);
    this.#changed();
  }

  clear() {
    this.#items = [];
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

function isSameFile(a, b) {
  return a?.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}
