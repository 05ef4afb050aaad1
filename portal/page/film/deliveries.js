import { api } from '../api.js';
import { announce, byId, element } from '../elements.js';
import { formatAge } from '../format.js';

const words = {
  waiting: 'waits',
  delivered: 'delivered',
  'given-up': 'given up',
  overtaken: 'overtaken by a newer event',
};

/** The events of a job that the owner's webhook got or gets, and a button that posts the newest again. */
export async function showDeliveries(path, signal) {
  const answer = await api.get(`${path}/deliveries`, { signal }).catch(() => ({ deliveries: [] }));
  if (signal.aborted) return;
  const { deliveries } = answer;
  byId('deliveries').hidden = deliveries.length === 0;
  byId('delivery-rows').replaceChildren(...deliveries.map(row));
  byId('redeliver').onclick = async () => {
    try {
      await api.post(`${path}/deliveries/redeliver`);
      announce('The newest event is posted again.');
      await showDeliveries(path, signal);
    } catch (error) {
      announce(error.message);
    }
  };
}

const ago = (time) => `${formatAge((Date.now() - Date.parse(time)) / 1000)}`;

function row({ state, status, tries, settledAt, nextTryAt, firstAt, why }) {
  const facts = [
    words[status],
    tries > 0 ? `${tries} ${tries === 1 ? 'try' : 'tries'} failed` : '',
    status === 'waiting' && nextTryAt ? `next try ${new Date(nextTryAt).toLocaleTimeString()}` : '',
    status === 'delivered' ? '' : why,
  ];
  return element('li', { 'data-status': status }, [
    element('span', { className: 'row-title', text: `job.${state}` }),
    element('span', { className: 'row-age', text: facts.filter(Boolean).join('  ·  ') }),
    element('time', {
      className: 'row-age',
      datetime: settledAt ?? firstAt,
      text: ago(settledAt ?? firstAt),
    }),
  ]);
}
