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
  void showLetters(signal);
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

async function showLetters(signal) {
  const found = await api.get('/api/dead-letters', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  const letters = found?.letters ?? [];
  byId('letters-empty').hidden = letters.length > 0;
  byId('letters-empty').textContent =
    found === undefined ? 'The jobs that were given up can’t be read.' : 'No job was given up.';
  byId('redrive-all').hidden = letters.length < 2;
  const redrive = async (ids) => {
    try {
      const { redriven } = await api.post('/api/dead-letters/redrive', { ids });
      announce(`${redriven} ${redriven === 1 ? 'job waits' : 'jobs wait'} again.`);
    } catch (error) {
      announce(error.message);
    }
    await showLetters(signal);
  };
  byId('redrive-all').onclick = () => redrive(letters.map(({ messageId }) => messageId));
  byId('letter-rows').replaceChildren(
    ...letters.map((letter) =>
      element('li', { className: 'letter' }, [
        element('div', { className: 'row-text' }, [
          element('span', {
            className: 'row-title',
            text: letter.jobId ?? letter.source ?? letter.messageId,
          }),
          element('span', { className: 'row-facts', text: letter.reason ?? 'No worker survived this job.' }),
        ]),
        element('span', {
          className: 'row-age',
          text: formatAge((Date.now() - Date.parse(letter.sentAt)) / 1000),
        }),
        button('Send again', {}, () => redrive([letter.messageId])),
      ]),
    ),
  );
}
