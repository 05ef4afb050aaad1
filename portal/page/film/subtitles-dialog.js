import { api } from '../api.js';
import { openDialog } from '../dialogs.js';
import { announce, button, element } from '../elements.js';

/** As the worker names them, and as people read them. */
const kinds = {
  '': 'as the file’s name says',
  subtitles: 'subtitles',
  sdh: 'for the deaf and hard of hearing',
  forced: 'foreign dialogue alone',
};
const extensions = '.srt,.vtt,.ass,.ssa,.ttml,.dfxp';
/** The API takes 1,000,000 characters of base64, which has four for three bytes. */
const maxBytes = 750_000;

/**
 * The subtitles of a published film: added, replaced and removed, with nothing encoded again.
 * @param path the job's, in the API @param done called when the farm has taken a change
 */
export function subtitlesDialog({ film }, path, done) {
  openDialog('Subtitles', (close) => {
    const problem = element('p', { className: 'bad', role: 'alert' });
    const change = (action, said) => async () => {
      problem.textContent = '';
      try {
        await action();
      } catch (error) {
        problem.textContent = error.message;
        return;
      }
      close();
      announce(said);
      done();
    };
    const remove = ({ language = 'und', kind }) =>
      api.delete(`${path}/subtitles/${encodeURIComponent(language)}?kind=${kind}`);
    const tracks = film.subtitles ?? [];
    const file = element('input', { className: 'field', type: 'file', accept: extensions });
    const language = element('input', {
      className: 'field',
      maxlength: '35',
      placeholder: 'en, or as the file’s name says',
    });
    const kind = element(
      'select',
      {},
      Object.entries(kinds).map(([value, text]) => element('option', { value, text })),
    );
    const add = async () => {
      const [chosen] = file.files;
      if (!chosen) throw new Error('Choose a file first.');
      if (chosen.size > maxBytes) throw new Error(`“${chosen.name}” has more than ${maxBytes / 1000} kB.`);
      await api.post(`${path}/subtitles`, {
        ...{ fileName: chosen.name, content: await base64(chosen) },
        ...(language.value.trim() && { language: language.value.trim() }),
        ...(kind.value && { kind: kind.value }),
      });
    };
    return [
      ...(tracks.length === 0
        ? [element('p', { className: 'dim', text: 'The film has none yet.' })]
        : [
            element(
              'ul',
              { className: 'downloads', 'aria-label': 'Subtitles of the film' },
              tracks.map((track) =>
                trackRow(
                  track,
                  change(() => remove(track), 'The subtitles are removed.'),
                ),
              ),
            ),
          ]),
      element('form', { className: 'subtitles-form' }, [
        field('File (SRT, WebVTT, ASS, TTML)', file),
        field('Language', language),
        field('Kind', kind),
      ]),
      problem,
      element('div', { className: 'dialog-actions' }, [
        button('Close', {}, close),
        button(
          'Add',
          { className: 'button primary' },
          change(add, 'The subtitles are added within seconds.'),
        ),
      ]),
    ];
  });
}

function trackRow({ label, kind }, onRemove) {
  return element('li', { className: 'download removable' }, [
    element('span', { className: 'row-title', text: label }),
    element('span', { className: 'row-age', text: kind === 'subtitles' ? '' : kinds[kind] }),
    button('Remove', { className: 'button quiet', 'aria-label': `Remove ${label}` }, onRemove),
  ]);
}

function field(text, input) {
  return element('label', { className: 'labelled wide' }, [element('span', { text }), input]);
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let start = 0; start < bytes.length; start += 32_768)
    text += String.fromCharCode(...bytes.subarray(start, start + 32_768));
  return btoa(text);
}
