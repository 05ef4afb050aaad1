/** The page's element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A new element. Text from outside only ever comes in as text. */
export function element(tag, { className, text, ...attributes } = {}, children = []) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const svg = 'http://www.w3.org/2000/svg';

/** One of the icons in the page's head. */
export function icon(name) {
  const made = document.createElementNS(svg, 'svg');
  made.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `#icon-${name}`);
  made.append(use);
  return made;
}

export function setIcon(button, name, label) {
  button.querySelector('use').setAttribute('href', `#icon-${name}`);
  button.setAttribute('aria-label', label);
}

/** A button that asks nothing of a form. */
export function button(text, { iconName, ...attributes } = {}, onClick) {
  const made = element('button', { type: 'button', className: 'button', ...attributes }, [
    ...(iconName ? [icon(iconName)] : []),
    ...(text ? [element('span', { text })] : []),
  ]);
  if (onClick) made.addEventListener('click', onClick);
  return made;
}

/** A copy of the template with this id. */
export function fromTemplate(id) {
  return byId(id).content.cloneNode(true);
}

/** Says it to people who can't see it, and shows it for a while to those who can. */
export function announce(text) {
  const toast = byId('toast');
  toast.textContent = text;
  toast.classList.add('shown');
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => toast.classList.remove('shown'), 5000);
}
