import { api } from '../api.js';
import { copyField, openDialog } from '../dialogs.js';
import { button, byId, element } from '../elements.js';
import { formatClock } from '../format.js';

const spans = [
  [1, '1 hour'],
  [24, '1 day'],
  [7 * 24, '7 days'],
  [30 * 24, '30 days'],
];

/** Makes a link to one film. @param path of the job in the API */
export function shareDialog(path) {
  const seconds = Math.floor(byId('video').currentTime || 0);
  openDialog('Share this film', (close) => {
    const select = element(
      'select',
      { id: 'share-hours' },
      spans.map(([hours, text]) => element('option', { value: String(hours), text })),
    );
    select.value = '24';
    const atTime = element('input', { type: 'checkbox' });
    const result = element('div', { className: 'share-result', role: 'status' });
    const make = button('Make a link', { className: 'button primary' }, async () => {
      try {
        const { url, expiresAt } = await api.post(`${path}/share`, { hours: Number(select.value) });
        result.replaceChildren(
          copyField('Link', atTime.checked ? `${url}?t=${seconds}` : url),
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
      ...(seconds > 0
        ? [
            element('label', { className: 'check' }, [
              atTime,
              element('span', { text: `Begin at ${formatClock(seconds)}` }),
            ]),
          ]
        : []),
      result,
      element('div', { className: 'dialog-actions' }, [button('Close', {}, close), make]),
    ];
  });
}
