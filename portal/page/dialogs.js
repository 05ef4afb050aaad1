import { announce, button, element } from './elements.js';

/** Opens a dialog that closes by Escape, by a click beside it, and by whatever `close` is given to. */
export function openDialog(title, fill) {
  const dialog = element('dialog', { className: 'dialog', 'aria-labelledby': 'dialog-title' });
  const close = () => dialog.close();
  dialog.append(element('h2', { id: 'dialog-title', text: title }), ...fill(close));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog) close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that can't be undone. */
export function confirm(title, text, action, onConfirm) {
  openDialog(title, (close) => [
    element('p', { className: 'dim', text }),
    element('div', { className: 'dialog-actions' }, [
      button('Keep it', {}, close),
      button(action, { className: 'button danger' }, () => {
        close();
        onConfirm();
      }),
    ]),
  ]);
}

/** A field with a button that copies what is in it. @param isLong several lines */
export function copyField(label, value, { isLong = false } = {}) {
  const input = isLong
    ? element('textarea', {
        className: 'field code',
        readonly: '',
        rows: '6',
        'aria-label': label,
        text: value,
      })
    : element('input', { className: 'field', readonly: '', 'aria-label': label, value });
  input.addEventListener('focus', () => input.select());
  const copy = button('Copy', { iconName: 'copy' }, async () => {
    input.select();
    await navigator.clipboard?.writeText(value).catch(() => document.execCommand('copy'));
    copy.querySelector('span').textContent = 'Copied';
    announce(`${label} copied.`);
  });
  return element('div', { className: isLong ? 'copy-field long' : 'copy-field' }, [input, copy]);
}
