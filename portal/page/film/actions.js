import { api } from '../api.js';
import { confirm, copyField, openDialog } from '../dialogs.js';
import { announce, button, byId, element, icon } from '../elements.js';
import { formatBytes } from '../format.js';
import { isOver, titleOf } from '../jobs/words.js';

/** What can be done with a job; drawn again only when its state changes, or a click could miss its button. */
export function showActions(job, { go, signal, refresh }) {
  const bar = byId('actions');
  if (bar.dataset.state === job.state) return;
  bar.dataset.state = job.state;
  const path = `/api/jobs/${encodeURIComponent(job.id)}`;
  const attempt = (action) => async () => {
    try {
      await action();
    } catch (error) {
      announce(error.message);
    }
  };
  const rerun = attempt(async () => {
    await api.post(`${path}/rerun`);
    announce('The job waits again.');
    bar.dataset.state = '';
    go(location.pathname, { replace: true });
  });
  const cancel = attempt(async () => {
    const { outlook } = await api.post(`${path}/cancel`);
    announce(outlook);
    refresh();
  });
  const makeMp4 = attempt(async () => {
    await api.post(`${path}/files`, { outputs: ['mp4'] });
    announce('An MP4 of the largest rendition is made.');
    bar.dataset.state = '';
    go(location.pathname, { replace: true });
  });
  const remove = () =>
    confirm(
      `Delete “${titleOf(job)}”?`,
      'Every file of this film is deleted from the results. The original stays where it is.',
      'Delete',
      attempt(async () => {
        await api.delete(path);
        announce('The film is deleted.');
        go('/');
      }),
    );
  bar.replaceChildren(
    ...(job.film && isOver(job) && !job.film.files?.some(({ format }) => format === 'mp4')
      ? [button('Make an MP4', { iconName: 'download' }, makeMp4)]
      : []),
    ...(job.film ? [button('Share', { iconName: 'share' }, () => shareDialog(path))] : []),
    ...(isOver(job)
      ? [
          button(job.state === 'failed' ? 'Try again' : 'Run again', { iconName: 'again' }, rerun),
          button('Delete', { iconName: 'delete', className: 'button quiet' }, remove),
        ]
      : [button('Cancel', { iconName: 'close' }, cancel)]),
  );
  bar.hidden = false;
  if (isOver(job)) void showDownloads(path, job, signal);
}

async function showDownloads(path, { film }, signal) {
  const { downloads } = await api.get(`${path}/downloads`, { signal }).catch(() => ({ downloads: [] }));
  if (signal.aborted) return;
  byId('downloads').hidden = downloads.length === 0 && !film?.url;
  byId('download-rows').replaceChildren(
    ...downloads.map(({ kind, name, bytes, address }) =>
      element('li', {}, [
        element('a', { className: 'download', href: address, download: name }, [
          icon('download'),
          element('span', { className: 'row-title', text: name }),
          element('span', {
            className: 'row-age',
            text: [kind === 'original' ? 'Original' : '', formatBytes(bytes)].filter(Boolean).join('  ·  '),
          }),
        ]),
      ]),
    ),
  );
  byId('playlist-address').replaceChildren(...(film?.url ? [copyField('Playlist address', film.url)] : []));
}

const spans = [
  [1, '1 hour'],
  [24, '1 day'],
  [7 * 24, '7 days'],
  [30 * 24, '30 days'],
];

function shareDialog(path) {
  openDialog('Share this film', (close) => {
    const select = element(
      'select',
      { id: 'share-hours' },
      spans.map(([hours, text]) => element('option', { value: String(hours), text })),
    );
    select.value = '24';
    const result = element('div', { className: 'share-result', role: 'status' });
    const make = button('Make a link', { className: 'button primary' }, async () => {
      try {
        const { url, expiresAt } = await api.post(`${path}/share`, { hours: Number(select.value) });
        result.replaceChildren(
          copyField('Link', url),
          element('p', { className: 'dim', text: `Ends ${new Date(expiresAt).toLocaleString()}.` }),
        );
      } catch (error) {
        result.replaceChildren(element('p', { className: 'bad', text: error.message }));
      }
    });
    return [
      element('p', {
        className: 'dim',
        text: 'Whoever has the link can watch this one film, without signing in.',
      }),
      element('label', { className: 'labelled' }, [element('span', { text: 'Valid for' }), select]),
      result,
      element('div', { className: 'dialog-actions' }, [button('Close', {}, close), make]),
    ];
  });
}
