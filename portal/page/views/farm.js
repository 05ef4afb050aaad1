import { api } from '../api.js';
import { barChart } from '../charts.js';
import { copyField } from '../dialogs.js';
import { announce, button, byId, element } from '../elements.js';
import { formatAge, formatSeconds, formatUsd } from '../format.js';
import { poll } from '../poll.js';

const pollMs = 4000;
const dayMs = 60_000;

/** Queues and workers as they are now; for who sees the films of all also the last day, and the failed jobs. */
export function showFarm({ signal, seesAll }) {
  document.title = 'Farm · transcode-farm';
  void poll(signal, async () => {
    await showNumbers(signal);
    return pollMs;
  });
  wireTokens();
  byId('day').hidden = !seesAll;
  byId('dead').hidden = !seesAll;
  if (!seesAll) return;
  void poll(signal, async () => {
    await showDay(signal);
    return dayMs;
  });
  void showDeadLetters(signal);
}

async function showNumbers(signal) {
  const farm = await api.get('/api/farm', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  byId('farm-problem').hidden = farm !== undefined;
  if (!farm) return;
  const { queues, workers, instances } = farm;
  const numbers = [
    ['Waiting', queues.waiting],
    ['Running', queues.inFlight],
    ['Retrying', queues.delayed],
    ['Failed', queues.dead, queues.dead > 0 ? 'bad' : ''],
    ['Workers', workers === null ? 'unknown' : workers.running, '', fleetText(workers)],
    ...(instances ? [['GPU machines', instances.running, '', fleetText(instances)]] : []),
    ...(queues.parts ? [['Helpers', queues.parts.inFlight, '', `${queues.parts.waiting} requested`]] : []),
  ];
  byId('farm-numbers').replaceChildren(
    ...numbers.map(([name, value, className = '', more = '']) =>
      element('div', {}, [
        element('dt', { text: name }),
        element('dd', { className, text: String(value) }),
        ...(more ? [element('dd', { className: 'more-facts', text: more })] : []),
      ]),
    ),
  );
  const { region, storage } = farm;
  byId('farm-facts').textContent =
    region === null ? 'on this machine' : `${region}  ·  ${storageText(storage)}`;
}

function fleetText(fleet) {
  if (!fleet) return '';
  const { wanted, starting, running, stopping } = fleet;
  if (wanted === 0 && running === 0) return 'asleep, wake with a job';
  return [
    starting ? `${starting} starting` : '',
    stopping ? `${stopping} stopping` : '',
    wanted === running ? '' : `${wanted} wanted`,
  ]
    .filter(Boolean)
    .join(', ');
}

const storageNames = { s3: 'S3', r2: 'R2', wasabi: 'Wasabi' };

function storageText({ source, output }) {
  const [from, to] = [storageNames[source] ?? source, storageNames[output] ?? output];
  return from === to ? `films and results in ${from}` : `films in ${from}, results in ${to}`;
}

async function showDay(signal) {
  const day = await api.get('/api/farm/day', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  const charts = byId('day-charts');
  byId('day-note').textContent = day ? noteOf(day) : 'The last day can’t be read. Trying again.';
  if (!day) return;
  charts.replaceChildren(...(day.jobs === 0 ? [] : chartsOf(day).map(barChart)));
}

function noteOf({ jobs, read, oldestOpenAt }) {
  if (jobs === 0) return 'No job in the last 24 hours.';
  const age = oldestOpenAt && (Date.now() - Date.parse(oldestOpenAt)) / 1000;
  return [
    jobs > read ? `Figures of the newest ${read} of ${jobs} jobs.` : '',
    age ? `The oldest open job came ${formatAge(age)}.` : 'No job is open.',
  ]
    .filter(Boolean)
    .join(' ');
}

function chartsOf({ hours, jobs }) {
  const failed = hours.reduce((sum, hour) => sum + hour.failed, 0);
  const usd = hours.reduce((sum, hour) => sum + (hour.usd ?? 0), 0);
  const hasPrices = hours.some((hour) => hour.usd !== null);
  const bars = (text, parts) =>
    hours.map((hour) => ({ label: `${clockOf(hour.at)}  ${text(hour)}`, parts: parts(hour) }));
  const one = (name) => (hour) => [{ value: hour[name] ?? 0, kind: 'bar-fill' }];
  const charts = [
    {
      title: 'Jobs',
      summary: failed > 0 ? `${jobs}, ${failed} failed` : String(jobs),
      bars: bars(
        (hour) => `${hour.jobs} jobs${hour.failed > 0 ? `, ${hour.failed} failed` : ''}`,
        (hour) => [
          { value: Math.max(0, hour.jobs - hour.failed), kind: 'bar-fill' },
          { value: hour.failed, kind: 'bar-failed' },
        ],
      ),
    },
    {
      title: 'Wait in the queue',
      summary: summaryOf(hours, 'waitSeconds', formatSeconds),
      bars: bars(
        ({ waitSeconds }) => (waitSeconds === null ? 'no job' : formatSeconds(waitSeconds)),
        one('waitSeconds'),
      ),
    },
    {
      title: 'Speed',
      summary: summaryOf(hours, 'speed', (speed) => `${speed.toFixed(1)}× real time`),
      bars: bars(
        ({ speed }) => (speed === null ? 'no film' : `${speed.toFixed(1)}× real time`),
        one('speed'),
      ),
    },
  ];
  if (!hasPrices) return charts;
  const cost = {
    title: 'Cost of workers, estimated',
    summary: formatUsd(usd),
    bars: bars((hour) => (hour.usd === null ? 'no film' : formatUsd(hour.usd)), one('usd')),
  };
  return [...charts, cost];
}

/** The middle of the hours. */
function summaryOf(hours, name, format) {
  const values = hours.flatMap((hour) => hour[name] ?? []).toSorted((a, b) => a - b);
  return values.length === 0 ? '–' : `usually ${format(values[Math.floor(values.length / 2)])}`;
}

function clockOf(time) {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

async function showDeadLetters(signal) {
  const found = await api.get('/api/dead-letters', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  const deadLetters = found?.deadLetters ?? [];
  byId('dead-letters-empty').hidden = deadLetters.length > 0;
  byId('dead-letters-empty').textContent =
    found === undefined ? 'The failed jobs can’t be read.' : 'No failed job can be sent again.';
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

function wireTokens() {
  const form = byId('token-form');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    try {
      const { token } = await api.post('/api/tokens', {
        name: data.get('name'),
        days: Number(data.get('days')),
      });
      byId('token').replaceChildren(
        copyField('Token', token),
        element('p', {
          className: 'dim',
          text: 'It is shown only here. Whoever has it can do what you can.',
        }),
      );
      form.reset();
    } catch (error) {
      announce(error.message);
    }
  });
}
