import { announce, button, byId, element, icon } from '../elements.js';
import { formatBytes, formatClock } from '../format.js';
import { aboutPrice, aboutTime, Estimates, estimateLine } from './estimate.js';
import {
  offerEncryption,
  offerLanes,
  offerPresets,
  readMetadata,
  readOptions,
  rememberOptions,
  restoreOptions,
} from './options.js';
import { Texts } from './texts.js';

/**
 * What was chosen, what will be made of it, and what that takes: shown before anything is sent.
 * @param start called with films, options and metadata
 */
export class Prepare {
  #selection;
  #form = byId('prepare');
  #estimates;
  #rows = new Map();
  #texts;
  #hasOptions = true;
  #start;

  constructor({ selection, lanes, seesAll, signal, start }) {
    this.#selection = selection;
    this.#start = start;
    this.#estimates = new Estimates(signal);
    restoreOptions(this.#form);
    offerLanes(this.#form, lanes);
    // Names a file that can be of others.
    byId('music-choice').hidden = !seesAll;
    this.#texts = new Texts(() => this.#showEstimate());
    selection.addEventListener('change', () => this.show(), { signal });
    this.#form.addEventListener('change', () => this.show());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    byId('prepare-cancel').addEventListener('click', () => selection.clear());
    this.show();
  }

  /** @param names of the options that the farm's owner keeps under names */
  offerPresets(names) {
    offerPresets(this.#form, names);
  }

  offerEncryption() {
    offerEncryption(this.#form);
    this.#showChoices();
  }

  /** Every upload starts a job by itself, and none can have options. */
  takeNoOptions() {
    this.#hasOptions = false;
    byId('choices').hidden = true;
    byId('no-options').hidden = false;
    void this.#showEstimate();
  }

  show() {
    const { items } = this.#selection;
    const isNew = this.#form.hidden && items.length > 0;
    this.#form.hidden = items.length === 0;
    byId('drop').hidden = items.length > 0;
    this.#showRows();
    if (items.length === 0) return;
    const files = items.filter(({ file }) => file).length;
    byId('prepare-title').textContent =
      items.length === 1 ? 'Before it starts' : `Before ${items.length} films start`;
    byId('start-text').textContent = startText(files, items.length);
    this.#showChoices();
    const { facts } = items.find((item) => item.facts?.picture) ?? {};
    this.#texts.showPicture(facts?.picture, facts);
    void this.#showEstimate();
    if (isNew) byId('prepare-title').focus();
  }

  #showRows() {
    const { items } = this.#selection;
    for (const [item, row] of this.#rows)
      if (!items.includes(item)) {
        row.element.remove();
        this.#rows.delete(item);
      }
    for (const item of items) {
      const row = this.#rows.get(item) ?? this.#row(item);
      this.#rows.set(item, row);
      if (!row.element.isConnected) byId('prepare-rows').append(row.element);
      row.update();
    }
  }

  #row(item) {
    const picture = element('div', { className: 'thumb' }, [icon(item.file ? 'film' : 'share')]);
    const title = element('input', {
      className: 'field quiet-field',
      value: item.title,
      maxlength: '500',
      'aria-label': `Title of ${item.title}`,
    });
    title.addEventListener('input', () => {
      item.title = title.value;
    });
    const facts = element('span', { className: 'row-facts' });
    const remove = button(
      '',
      { className: 'button icon-only quiet', iconName: 'close', 'aria-label': `Leave out ${item.title}` },
      () => this.#selection.remove(item),
    );
    let shown;
    return {
      element: element('li', { className: 'upload' }, [
        picture,
        element('div', { className: 'row-text' }, [title, facts]),
        remove,
      ]),
      update: () => {
        facts.textContent = factsOf(item);
        const url = item.facts?.picture;
        if (!url || url === shown) return;
        shown = url;
        picture.replaceChildren(element('img', { src: url, alt: '' }));
      },
    };
  }

  /** At least one output; a size only for an MP4 or a WebM; an address has no original that could be deleted. */
  #showChoices() {
    const { elements } = this.#form;
    const boxes = [...elements.namedItem('output')];
    const chosen = boxes.filter(({ checked }) => checked);
    for (const box of boxes) box.disabled = chosen.length === 1 && box.checked;
    byId('rung-choice').hidden = !chosen.some(({ value }) => value === 'mp4' || value === 'webm');
    const hasStream = chosen.some(({ value }) => value === 'hls');
    byId('ladder-choices').hidden = !hasStream;
    byId('early-choice').hidden = !hasStream;
    byId('encryption-choice').hidden = !hasStream || elements.namedItem('encryption').disabled;
  }

  /** A box that is off is left out of a form’s data, and so would be the last one, which can’t be taken away. */
  #options() {
    if (!this.#hasOptions) return {};
    const overlays = this.#texts.read();
    const last = this.#form.querySelector('[name=output]:checked:disabled');
    if (last) last.disabled = false;
    const options = readOptions(this.#form);
    if (last) last.disabled = true;
    return { ...options, ...(overlays.length > 0 && { overlays }) };
  }

  async #showEstimate() {
    const { items } = this.#selection;
    const unread = items.filter(({ facts }) => facts !== undefined && !(facts.seconds > 0)).length;
    let options;
    try {
      options = this.#options();
    } catch {
      // Said when the form is sent.
      return;
    }
    const found = await this.#estimates.ask(items, options);
    byId('estimate-note').textContent = noteOf(unread, items.length);
    const canEstimate = items.some(({ facts }) => facts === undefined || facts.seconds > 0);
    if (!canEstimate) byId('estimate').hidden = true;
    if (!found) return;
    const { main, rest } = estimateLine(found);
    byId('estimate').hidden = false;
    byId('estimate-main').textContent = main;
    byId('estimate-rest').textContent = rest;
    byId('estimate').title = found.notes.join('; ');
    showPrices(this.#form, found);
  }

  async #submit() {
    let options;
    let metadata;
    try {
      options = this.#options();
    } catch (error) {
      if (error.field) this.#form.elements.namedItem(error.field).closest('details').open = true;
      return announce(error.message);
    }
    try {
      const { value } = this.#form.elements.namedItem('metadata');
      metadata = this.#hasOptions ? readMetadata(value) : undefined;
    } catch (error) {
      this.#form.elements.namedItem('metadata').closest('details').open = true;
      return announce(error.message);
    }
    rememberOptions(this.#form);
    const submit = byId('prepare-start');
    submit.disabled = true;
    try {
      await this.#start(this.#selection.items, options, metadata);
      this.#selection.clear();
    } catch (error) {
      announce(error.message);
    } finally {
      submit.disabled = false;
    }
  }
}

function startText(files, all) {
  if (files === 0) return 'Fetch and start';
  return all === 1 ? 'Upload and start' : `Upload and start ${all} films`;
}

function factsOf({ file, bytes, facts, address }) {
  if (!file) return address;
  if (facts === undefined) return `${formatBytes(bytes)}  ·  reading…`;
  const { seconds, width, height } = facts;
  const read = [
    seconds === undefined ? '' : formatClock(seconds),
    width ? `${width} × ${height}` : '',
    !width && seconds ? 'audio' : '',
  ].filter(Boolean);
  return [...(read.length > 0 ? read : ['not readable here; the farm reads more']), formatBytes(bytes)].join(
    '  ·  ',
  );
}

function noteOf(unread, all) {
  if (unread === 0) return '';
  if (unread === all)
    return 'Time and cost are known once a worker has looked at it: this browser can’t read it.';
  return `Without ${unread} ${unread === 1 ? 'film that this browser' : 'films that this browser'} can’t read.`;
}

/** What each choice would take, beside it. */
function showPrices(form, { ladders, files }) {
  for (const { ladder, seconds, costs } of ladders) {
    const price = form.querySelector(`[data-ladder="${ladder ?? ''}"]`);
    if (price) price.textContent = aboutPrice(costs) || aboutTime(seconds).replace('about ', '');
  }
  for (const place of form.querySelectorAll('[data-format]')) {
    const file = files.find(({ format }) => format === place.dataset.format);
    place.closest('label').hidden = file === undefined;
    place.textContent = file?.bytes === undefined ? '' : `up to ${formatBytes(file.bytes)}`;
  }
}
