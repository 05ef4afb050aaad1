import { api } from '../api.js';
import { announce, button, byId, element } from '../elements.js';
import { formatAge } from '../format.js';
import { poll } from '../poll.js';

const pollMs = 4000;

/** Queues and workers as they are now, and the jobs that were given up. */
export function showFarm({ signal }) {
  document.title = 'Farm · transcode-farm';
  void poll(signal, async () => {
    await showNumbers(signal);
    return pollMs;
  });
  void showDeadLetters(signal);
}

async function showNumbers(signal) {
  const farm = await api.get('/api/farm', { signal }).catch(() => undefined);
  byId('farm-problem').hidden = farm !== undefined || signal.aborted;
  if (!farm) return;
  const { queues, workers } = farm;
  const numbers = [
    ['Waiting', queues.waiting],
    ['Running', queues.inFlight],
    ['Retrying', queues.delayed],
    ['Given up', queues.dead],
    ['Workers', workers === null ? 'unknown' : workers.running],
    ...(workers?.starting ? [['Starting', workers.starting]] : []),
  ];
  byId('farm-numbers').replaceChildren(
    ...numbers.map(([name, value]) =>
      element('div', {}, [element('dt', { text: name }), element('dd', { text: String(value) })]),
    ),
  );
  byId('farm-facts').textContent =
    `${farm.region}  ·  films in ${farm.storage.source}  ·  results in ${farm.storage.output}`;
}

async function showDeadLetters(signal) {
  const found = await api.get('/api/dead-letters', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  const deadLetters = found?.deadLetters ?? [];
  byId('dead-letters-empty').hidden = deadLetters.length > 0;
  byId('dead-letters-empty').textContent =
    found === undefined ? 'The jobs that were given up can’t be read.' : 'No job was given up.';
  byId('redrive-all').hidden = deadLetters.length < 2;
  const redrive = async (ids) => {
    try {
      const { redriven } = await api.post('/api/dead-letters/redrive', { ids });
      announce(`${redriven} ${redriven === 1 ? 'job waits' : 'jobs wait'} again.`);
    } catch (error) {
      announce(error.message);
    }
    await showDeadLetters(signal);
  };
  byId('redrive-all').onclick = () => redrive(deadLetters.map(({ messageId }) => messageId));
  byId('dead-letter-rows').replaceChildren(
    ...deadLetters.map((deadLetter) =>
      element('li', { className: 'dead-letter' }, [
        element('div', { className: 'row-text' }, [
          element('span', {
            className: 'row-title',
            text: deadLetter.jobId ?? deadLetter.source ?? deadLetter.messageId,
          }),
          element('span', {
            className: 'row-facts',
            text: deadLetter.reason ?? 'No worker survived this job.',
          }),
        ]),
        element('span', {
          className: 'row-age',
          text: formatAge((Date.now() - Date.parse(deadLetter.sentAt)) / 1000),
        }),
        button('Send again', {}, () => redrive([deadLetter.messageId])),
      ]),
    ),
  );
}
