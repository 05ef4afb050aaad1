/** The page's element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A new element. Text from outside only ever comes in as text. */
export function element(tag, { className, text, ...attributes } = {}, children = []) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function setIcon(button, icon, label) {
  button.querySelector('use').setAttribute('href', `#icon-${icon}`);
  button.setAttribute('aria-label', label);
}

/** Where an object of the output bucket is served. */
export function filmUrl(key) {
  return `/films/${key.split('/').map(encodeURIComponent).join('/')}`;
}
