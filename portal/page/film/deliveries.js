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
  const { deliveries, batch } = answer;
  const again = (route, said) => async () => {
    try {
      await api.post(`${path}/deliveries/${route}`);
      announce(said);
      await showDeliveries(path, signal);
    } catch (error) {
      announce(error.message);
    }
  };
  byId('deliveries').hidden = deliveries.length === 0 && batch === undefined;
  const rows = deliveries.map((delivery) => row(`job.${delivery.state}`, delivery));
  if (batch !== undefined)
    rows.push(batchRow(batch, again('redeliver-batch', 'The event of the batch is posted again.')));
  byId('delivery-rows').replaceChildren(...rows);
  byId('redeliver').onclick = again('redeliver', 'The newest event is posted again.');
}

const ago = (time) => `${formatAge((Date.now() - Date.parse(time)) / 1000)}`;

function batchRow(batch, onclick) {
  const shown = row(`batch.finished: ${batch.batch}`, { ...batch, firstAt: batch.finishedAt });
  const button = element('button', {
    type: 'button',
    className: 'button',
    text: "Send the batch's event again",
  });
  button.onclick = onclick;
  shown.append(button);
  return shown;
}

function row(title, { status, tries, settledAt, nextTryAt, firstAt, why }) {
  const facts = [
    words[status],
    tries > 0 ? `${tries} ${tries === 1 ? 'try' : 'tries'} failed` : '',
    status === 'waiting' && nextTryAt ? `next try ${new Date(nextTryAt).toLocaleTimeString()}` : '',
    status === 'delivered' ? '' : why,
  ];
  return element('li', { 'data-status': status }, [
    element('span', { className: 'row-title', text: title }),
    element('span', { className: 'row-age', text: facts.filter(Boolean).join('  ·  ') }),
    element('time', {
      className: 'row-age',
      datetime: settledAt ?? firstAt,
      text: ago(settledAt ?? firstAt),
    }),
  ]);
}
