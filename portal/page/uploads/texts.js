import { button, byId, element } from '../elements.js';

/** As options name them, and as people read them (`overlayPlaces` of the worker). */
const places = {
  'top-left': 'top left',
  top: 'top',
  'top-right': 'top right',
  left: 'left',
  center: 'in the middle',
  right: 'right',
  'bottom-left': 'bottom left',
  bottom: 'bottom',
  'bottom-right': 'bottom right',
};
const sizes = { '4%': 'small', '6%': 'medium', '10%': 'large', '16%': 'very large' };
const looks = {
  outline: { text: 'with an outline', options: { outline: '#000' } },
  box: { text: 'on a dark box', options: { box: '#000000a0' } },
  plain: { text: 'letters alone', options: {} },
};
const maxTexts = 50;
const marginPercent = 5;

/**
 * Texts over the picture, and how they will look: by the browser's own letters, so about.
 * @param onChange called when what is chosen is another
 */
export class Texts {
  #rows = [];
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
    byId('add-text').addEventListener('click', () => this.#add());
  }

  /** @param picture address of a picture of the film; undefined where the browser can't read it */
  showPicture(picture, { width, height } = {}) {
    const preview = byId('text-preview');
    const image = preview.querySelector('img');
    if (picture && image.src !== picture) image.src = picture;
    image.hidden = !picture;
    preview.style.aspectRatio = width && height ? `${width} / ${height}` : '';
  }

  /**
   * The overlays of a job.
   * @throws Error that names the text
   */
  read() {
    return this.#rows.flatMap(({ fields }, index) => {
      const text = fields.text.value.trim();
      if (text === '') return [];
      const [from, to] = [numberOf(fields.from), numberOf(fields.to)];
      if (to !== undefined && to <= (from ?? 0))
        throw new Error(`Text ${index + 1} ends at ${to} s, before it begins. Choose a later end, or none.`);
      return [
        {
          ...{ text, at: fields.at.value, size: fields.size.value, color: fields.color.value },
          ...looks[fields.look.value].options,
          ...(from !== undefined && { from, in: 'fade' }),
          ...(to !== undefined && { to, out: 'fade' }),
        },
      ];
    });
  }

  #add() {
    const number = this.#rows.length + 1;
    const fields = {
      text: element('textarea', {
        className: 'field',
        rows: '2',
        maxlength: '500',
        placeholder: 'Your text',
      }),
      at: choice(places, 'bottom'),
      size: choice(sizes, '6%'),
      look: choice(
        Object.fromEntries(Object.entries(looks).map(([name, { text }]) => [name, text])),
        'outline',
      ),
      color: element('input', { type: 'color', value: '#ffffff' }),
      from: seconds('start'),
      to: seconds('end'),
    };
    const row = { fields };
    row.element = element('li', { className: 'text-row' }, [
      labelled(`Text ${number}`, fields.text, 'wide'),
      labelled('Where', fields.at),
      labelled('Size', fields.size),
      labelled('Look', fields.look),
      labelled('Colour', fields.color),
      labelled('From second', fields.from),
      labelled('To second', fields.to),
      button('Remove', { className: 'button quiet', 'aria-label': `Remove text ${number}` }, () =>
        this.#remove(row),
      ),
    ]);
    row.element.addEventListener('input', () => this.#change());
    this.#rows.push(row);
    byId('text-rows').append(row.element);
    byId('add-text').disabled = this.#rows.length >= maxTexts;
    this.#change();
    fields.text.focus();
  }

  #remove(row) {
    this.#rows.splice(this.#rows.indexOf(row), 1);
    row.element.remove();
    this.#rows.forEach(({ element: each }, index) => {
      each.querySelector('span').textContent = `Text ${index + 1}`;
    });
    byId('add-text').disabled = false;
    byId('add-text').focus();
    this.#change();
  }

  #change() {
    const preview = byId('text-preview');
    preview.hidden = this.#rows.length === 0;
    for (const shown of preview.querySelectorAll('p')) shown.remove();
    for (const { fields } of this.#rows) preview.append(previewOf(fields));
    this.#onChange();
  }
}

/** As the worker places it (`placeOf`, `marginOf`): the size is a line's height, in parts of the picture's. */
function previewOf({ text, at, size, look, color }) {
  const shown = element('p', { text: text.value, className: `look-${look.value}` });
  const place = at.value;
  const [across, down] = [sideOf(place, 'left', 'right'), sideOf(place, 'top', 'bottom')];
  const percent = Number.parseFloat(size.value);
  Object.assign(shown.style, {
    ...{ color: color.value, lineHeight: `${percent}cqh`, fontSize: `${percent / 1.36}cqh` },
    textAlign: ['left', 'center', 'right'][across + 1],
    [across > 0 ? 'right' : 'left']: across === 0 ? '50%' : `${marginPercent}cqh`,
    [down > 0 ? 'bottom' : 'top']: down === 0 ? '50%' : `${marginPercent}cqh`,
    translate: `${across === 0 ? '-50%' : '0'} ${down === 0 ? '-50%' : '0'}`,
  });
  return shown;
}

function sideOf(place, low, high) {
  if (place.endsWith(low) || place.startsWith(low)) return -1;
  return place.endsWith(high) || place.startsWith(high) ? 1 : 0;
}

function choice(names, chosen) {
  const options = Object.entries(names).map(([value, text]) =>
    element('option', { value, text, selected: value === chosen ? '' : undefined }),
  );
  return element('select', {}, options);
}

function seconds(placeholder) {
  return element('input', { className: 'field', type: 'number', min: '0', step: '0.1', placeholder });
}

function numberOf({ value }) {
  return value === '' ? undefined : Number(value);
}

function labelled(text, field, more = '') {
  return element('label', { className: `labelled ${more}`.trim() }, [element('span', { text }), field]);
}
