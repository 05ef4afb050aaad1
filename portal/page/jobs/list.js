import { api, Offline } from '../api.js';
import { byId, element, icon } from '../elements.js';
import { formatAge } from '../format.js';
import { poll } from '../poll.js';
import { factsOf, isOver, stateWords, titleOf } from './words.js';

const busyMs = 1500;
const idleMs = 6000;
const pageSize = 20;

/** All jobs, newest first: the first page is read again and again, older ones when they are asked for. */
export class JobList {
  #signal;
  #newest = [];
  #older = [];
  #next = null;
  #rows = new Map();

  constructor(signal) {
    this.#signal = signal;
    byId('more-jobs').addEventListener('click', () => this.#showMore());
    byId('jobs-retry').addEventListener('click', () => this.refresh());
    void poll(signal, () => this.refresh());
  }

  /** @returns when to ask again */
  async refresh() {
    try {
      const { jobs, next } = await api.get(`/api/jobs?limit=${pageSize}`, { signal: this.#signal });
      this.#newest = jobs;
      if (this.#older.length === 0) this.#next = next;
      byId('jobs-problem').hidden = true;
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      this.#showProblem(error);
      return idleMs;
    }
    this.#show();
    return this.#newest.every(isOver) ? idleMs : busyMs;
  }

  async #showMore() {
    const more = byId('more-jobs');
    more.disabled = true;
    try {
      const query = `limit=${pageSize}&cursor=${encodeURIComponent(this.#next)}`;
      const { jobs, next } = await api.get(`/api/jobs?${query}`, { signal: this.#signal });
      this.#older.push(...jobs);
      this.#next = next;
      this.#show();
    } catch (error) {
      if (!this.#signal.aborted) this.#showProblem(error);
    } finally {
      more.disabled = false;
    }
  }

  #showProblem(error) {
    byId('jobs-loading').hidden = true;
    byId('jobs-problem').hidden = false;
    byId('jobs-problem-text').textContent =
      error instanceof Offline ? 'The list can’t be read: the portal does not answer.' : error.message;
  }

  #show() {
    if (this.#signal.aborted) return;
    const shown = new Map([...this.#newest, ...this.#older].map((job) => [job.id, job]));
    byId('jobs-loading').hidden = true;
    byId('no-jobs').hidden = shown.size > 0;
    byId('more-jobs').hidden = this.#next === null;
    const rows = [...shown.values()].map((job) => {
      const row = this.#rows.get(job.id) ?? jobRow(job);
      this.#rows.set(job.id, row);
      row.update(job);
      return row.element;
    });
    const list = byId('job-rows');
    // Rows that stay where they are keep the focus.
    for (const [at, row] of rows.entries())
      if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    while (list.children.length > rows.length) list.lastElementChild.remove();
  }
}

function jobRow({ id }) {
  const picture = element('div', { className: 'thumb' }, [icon('film')]);
  const title = element('span', { className: 'row-title' });
  const facts = element('span', { className: 'row-facts' });
  const bar = element('div', { className: 'bar thin' }, [element('div')]);
  const badge = element('span', { className: 'badge' });
  const age = element('span', { className: 'row-age' });
  const link = element('a', { className: 'job', href: `/jobs/${id}` }, [
    picture,
    element('div', { className: 'row-text' }, [title, facts, bar]),
    element('div', { className: 'row-end' }, [badge, age]),
  ]);
  let poster;
  return {
    element: element('li', {}, [link]),
    update(job) {
      title.textContent = titleOf(job);
      facts.textContent = factsOf(job);
      facts.classList.toggle('bad', job.state === 'failed');
      bar.hidden = job.state !== 'running';
      const percent = Math.floor(job.progress?.percent ?? 0);
      bar.firstElementChild.style.width = `${percent}%`;
      badge.textContent = job.state === 'running' ? `${percent} %` : stateWords[job.state];
      badge.dataset.state = job.state;
      age.textContent = formatAge((Date.now() - Date.parse(job.queuedAt)) / 1000);
      age.title = new Date(job.queuedAt).toLocaleString();
      if (job.film?.poster && job.film.poster !== poster) {
        poster = job.film.poster;
        picture.replaceChildren(element('img', { src: poster, alt: '', loading: 'lazy' }));
      }
    },
  };
}
