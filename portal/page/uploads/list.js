import { button, element, icon } from '../elements.js';
import { formatBytes, formatClock, formatSeconds } from '../format.js';

/** How long a finished upload stays on the list. */
const doneMs = 4000;

/** Shows the uploads of this page. */
export class UploadList {
  #section;
  #rows;
  #uploads;
  #signal;
  #shown = new Map();

  constructor(section, rows, uploads, signal) {
    this.#section = section;
    this.#rows = rows;
    this.#uploads = uploads;
    this.#signal = signal;
    uploads.addEventListener('change', () => this.show(), { signal });
  }

  show() {
    const { all } = this.#uploads;
    this.#section.hidden = all.length === 0;
    for (const [upload, row] of this.#shown) {
      if (all.includes(upload)) continue;
      row.remove();
      this.#shown.delete(upload);
    }
    for (const upload of all) {
      if (this.#shown.has(upload)) continue;
      const row = this.#row(upload);
      this.#shown.set(upload, row);
      this.#rows.append(row);
    }
  }

  #row(upload) {
    const { record } = upload;
    const picture = element('div', { className: 'thumb' }, [icon('film')]);
    const facts = element('span', { className: 'row-facts', role: 'status' });
    const bar = element('div', {
      className: 'bar thin',
      role: 'progressbar',
      'aria-label': `Upload of ${record.name}`,
      'aria-valuemin': '0',
      'aria-valuemax': '100',
    });
    bar.append(element('div'));
    const main = button('', { className: 'button icon-only' });
    main.append(icon('pause'));
    const remove = button(
      '',
      { className: 'button icon-only quiet', iconName: 'close', 'aria-label': `Give up ${record.name}` },
      () => this.#uploads.remove(upload),
    );
    const again = element('input', {
      type: 'file',
      hidden: '',
      accept: 'video/*,audio/*',
      'aria-label': `Choose ${record.name}`,
    });
    again.addEventListener('change', () => {
      void this.#uploads.resumeKnown([...again.files].map((file) => ({ file })));
      again.value = '';
    });
    main.addEventListener('click', () => press(upload, this.#uploads, again));
    const row = element('li', { className: 'upload' }, [
      picture,
      element('div', { className: 'row-text' }, [
        element('span', { className: 'row-title', text: record.name }),
        facts,
        bar,
      ]),
      element('div', { className: 'row-buttons' }, [main, remove, again]),
    ]);
    const update = () => draw(upload, { row, picture, facts, bar, main, remove });
    upload.addEventListener('change', update, { signal: this.#signal });
    upload.addEventListener(
      'change',
      () => {
        if (upload.state === 'done') setTimeout(() => this.#uploads.dismiss(upload), doneMs);
      },
      { signal: this.#signal },
    );
    update();
    return row;
  }
}

function press(upload, uploads, again) {
  if (upload.state === 'needs-file') again.click();
  else if (['paused', 'failed'].includes(upload.state)) void uploads.resume(upload);
  else upload.pause();
}

function draw(upload, { row, picture, facts, bar, main, remove }) {
  const { state, record } = upload;
  const share = record.size > 0 ? upload.sentBytes / record.size : 0;
  const percent = Math.floor(share * 100);
  row.dataset.state = state;
  bar.firstElementChild.style.width = `${share * 100}%`;
  bar.setAttribute('aria-valuenow', String(percent));
  facts.textContent = factsOf(upload, percent);
  facts.classList.toggle('bad', state === 'failed');
  const goesOn = ['paused', 'failed', 'needs-file'].includes(state);
  main.querySelector('use').setAttribute('href', goesOn ? '#icon-play' : '#icon-pause');
  main.setAttribute('aria-label', `${goesOn ? 'Go on with' : 'Pause'} ${record.name}`);
  main.hidden = state === 'done' || state === 'finishing';
  remove.hidden = main.hidden;
  const { picture: url } = upload.facts;
  if (url && picture.dataset.url !== url) {
    picture.dataset.url = url;
    picture.replaceChildren(element('img', { src: url, alt: '' }));
  }
}

function factsOf({ state, record, sentBytes, bytesPerSecond, problem, facts }, percent) {
  const size = formatBytes(record.size);
  const length = facts.seconds === undefined ? '' : formatClock(facts.seconds);
  const sent = sentBytes > 0 ? `${formatBytes(sentBytes)} of ${size}` : size;
  if (state === 'done') return 'Uploaded. The job waits for a worker.';
  if (state === 'finishing') return 'All of it is there. Starting the job…';
  if (state === 'failed') return problem;
  if (state === 'needs-file') return `${percent} % is there. Choose the same file again to go on.`;
  if (state === 'paused') return `Paused  ·  ${sent}`;
  if (state === 'offline') return `${problem} Trying again  ·  ${sent}`;
  if (state === 'waiting') return ['Waits for its turn', length, size].filter(Boolean).join('  ·  ');
  const left = bytesPerSecond ? (record.size - sentBytes) / bytesPerSecond : undefined;
  return [
    `${percent} %`,
    sent,
    bytesPerSecond ? `${formatBytes(bytesPerSecond)}/s` : '',
    left === undefined ? '' : `${formatSeconds(left)} left`,
  ]
    .filter(Boolean)
    .join('  ·  ');
}
