import { openDialog } from '../dialogs.js';
import { button, element } from '../elements.js';

const keys = [
  ['Space', 'k'],
  ['←', '→'],
  ['j', 'l'],
  ['0', '9'],
  [',', '.'],
  ['<', '>'],
  ['↑', '↓'],
  ['m'],
  ['f'],
  ['p'],
  ['c'],
  ['?'],
];
const meanings = [
  'Play, pause',
  '5 seconds back, on',
  '10 seconds back, on',
  'To the start … to nine tenths',
  'One picture back, on, while it is paused',
  'Slower, faster',
  'Louder, quieter',
  'Sound off, on',
  'Full screen',
  'Picture in picture',
  'Subtitles on, off',
  'This list',
];

/** The keys of the player. */
export function showKeys() {
  if (document.querySelector('dialog[open]')) return;
  openDialog('Keys of the player', (close) => [
    element(
      'dl',
      { className: 'keys' },
      keys.flatMap((names, at) => [
        element(
          'dt',
          {},
          names.map((text) => element('kbd', { text })),
        ),
        element('dd', { text: meanings[at] }),
      ]),
    ),
    element('div', { className: 'dialog-actions' }, [button('Close', {}, close)]),
  ]);
}
