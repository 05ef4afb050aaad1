import { api } from '../api.js';
import { confirm } from '../dialogs.js';
import { announce, button, byId, element, icon } from '../elements.js';
import { formatBytes } from '../format.js';
import { isOver, titleOf } from '../jobs/words.js';
import { showDeliveries } from './deliveries.js';
import { fileDialog } from './file-dialog.js';
import { shareDialog } from './share-dialog.js';
import { subtitlesDialog } from './subtitles-dialog.js';

/** What can be done with a job; drawn again only when its state changes, or a click could miss its button. */
export function showActions(job, { go, signal, refresh }) {
  const bar = byId('actions');
  if (bar.dataset.state === job.state) return;
  bar.dataset.state = job.state;
  const path = `/api/jobs/${encodeURIComponent(job.id)}`;
  const attempt =
    (action) =>
    async (...given) => {
      try {
        await action(...given);
      } catch (error) {
        announce(error.message);
      }
    };
  const showAgain = () => {
    bar.dataset.state = '';
    go(location.pathname, { replace: true });
  };
  const rerun = attempt(async () => {
    await api.post(`${path}/rerun`);
    announce('The job waits again.');
    showAgain();
  });
  const cancel = attempt(async () => {
    const { outlook } = await api.post(`${path}/cancel`);
    announce(outlook);
    refresh();
  });
  const makeFile = attempt(async (output) => {
    await api.post(`${path}/files`, { outputs: [output] });
    announce('The file is made now.');
    showAgain();
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
    ...(job.film?.playlist && isOver(job)
      ? [
          // Files would lie in clear beside an encrypted film.
          ...(job.film.encryption
            ? []
            : [button('Make a file', { iconName: 'download' }, () => fileDialog(job.film, makeFile))]),
          ...(hasPicture(job.film)
            ? [button('Subtitles', { iconName: 'captions' }, () => subtitlesDialog(job, path, showAgain))]
            : []),
        ]
      : []),
    ...(job.film?.playlist ? [button('Share', { iconName: 'share' }, () => shareDialog(path))] : []),
    ...(isOver(job)
      ? [
          button(job.state === 'failed' ? 'Try again' : 'Run again', { iconName: 'again' }, rerun),
          button('Delete', { iconName: 'delete', className: 'button quiet' }, remove),
        ]
      : [button('Cancel', { iconName: 'close' }, cancel)]),
  );
  bar.hidden = false;
  if (isOver(job)) void showDownloads(path, signal);
  void showDeliveries(path, signal);
}

function hasPicture({ renditions }) {
  return renditions.some(({ kind }) => kind === 'video');
}

async function showDownloads(path, signal) {
  const { downloads } = await api.get(`${path}/downloads`, { signal }).catch(() => ({ downloads: [] }));
  if (signal.aborted) return;
  byId('downloads').hidden = downloads.length === 0;
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
}
