import { element } from '../elements.js';

/**
 * A button that opens a menu of choices, one of them chosen, and of switches: a "menu button" with "menuitemradio" and
 * "menuitemcheckbox" items as the WAI-ARIA authoring practices describe it.
 */
export class ChoiceMenu {
  #holder;
  #button;
  #menu;
  #choice;

  constructor(holder, signal) {
    this.#holder = holder;
    this.#button = holder.querySelector('button');
    this.#menu = holder.querySelector('[role=menu]');
    this.#choice = holder.querySelector('.choice');
    this.#button.addEventListener('click', () => this.#toggle(this.#menu.hidden));
    this.#button.addEventListener('keydown', (event) => this.#onButtonKey(event));
    this.#menu.addEventListener('keydown', (event) => this.#onMenuKey(event));
    const closeOutside = (event) => {
      if (!holder.contains(event.target)) this.#toggle(false);
    };
    document.addEventListener('pointerdown', closeOutside, { signal });
  }

  get open() {
    return !this.#menu.hidden;
  }

  /**
   * @param items `{ label, note, chosen, choose(), isSwitch }`; fewer than two choices need no menu, a switch does
   * @param choice shown beside the button
   */
  show(items, choice) {
    this.#holder.hidden = items.length < 2 && !items.some(({ isSwitch }) => isSwitch);
    this.#choice.textContent = choice;
    const focused = [...this.#menu.children].indexOf(document.activeElement);
    this.#menu.replaceChildren(...items.map((item) => this.#item(item)));
    if (focused >= 0) this.#menu.children[focused]?.focus();
  }

  #item({ label, note, chosen, choose, isSwitch = false }) {
    const attributes = {
      type: 'button',
      role: isSwitch ? 'menuitemcheckbox' : 'menuitemradio',
      'aria-checked': String(chosen),
      tabindex: '-1',
    };
    const texts = [
      element('span', { text: label }),
      element('span', { className: 'note', text: note ?? '' }),
    ];
    const item = element('button', attributes, texts);
    item.addEventListener('click', () => {
      choose();
      this.#toggle(false);
      this.#button.focus();
    });
    return item;
  }

  #toggle(open) {
    this.#menu.hidden = !open;
    if (open) this.#fit();
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) (this.#menu.querySelector('[aria-checked=true]') ?? this.#menu.firstElementChild)?.focus();
  }

  /** As high as there is room above the button, inside the player. */
  #fit() {
    const top = this.#holder.closest('.player').getBoundingClientRect().top;
    const room = this.#holder.getBoundingClientRect().top - top - 16;
    this.#menu.style.setProperty('--menu-height', `${Math.max(room, 80)}px`);
  }

  #onButtonKey(event) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    event.stopPropagation();
    this.#toggle(true);
  }

  #onMenuKey(event) {
    // The menu's keys are not the player's.
    event.stopPropagation();
    const items = [...this.#menu.children];
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      items[(at + step + items.length) % items.length]?.focus();
    } else if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault();
      items.at(event.key === 'Home' ? 0 : -1)?.focus();
    } else if (event.key === 'Escape') {
      this.#toggle(false);
      this.#button.focus();
    } else if (event.key === 'Tab') {
      this.#toggle(false);
    }
  }
}
