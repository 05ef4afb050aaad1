import { openDialog } from '../dialogs.js';
import { button, element } from '../elements.js';
import { formatBytes } from '../format.js';

/** GIFs are made of films of up to this (`longestGifSeconds` of the worker). */
const longestGifSeconds = 15;

/** Which file is to be made of a film that is published. @param make called with the output, such as `mp4:720p` */
export function fileDialog(film, make) {
  const outputs = outputsOf(film);
  openDialog('Make a file of this film', (close) => {
    const select = element(
      'select',
      { 'aria-label': 'Kind of file' },
      outputs.map(({ output, text }) => element('option', { value: output, text })),
    );
    return [
      element('p', {
        className: 'dim',
        text: 'It is made of what is published, within seconds to minutes, and is found under “Files” then.',
      }),
      element('label', { className: 'labelled' }, [element('span', { text: 'Kind' }), select]),
      element('div', { className: 'dialog-actions' }, [
        button('Close', {}, close),
        button('Make it', { className: 'button primary' }, () => {
          close();
          make(select.value);
        }),
      ]),
    ];
  });
}

/** What the film does not have yet; rungs that it has. */
function outputsOf({ renditions, files = [], durationSeconds }) {
  const made = new Set(files.map(({ name }) => name));
  const videos = renditions.filter(({ kind }) => kind === 'video');
  const hasAudio = renditions.some(({ kind }) => kind === 'audio');
  const sound = renditions.filter(({ kind }) => kind === 'audio').reduce((sum, { bytes }) => sum + bytes, 0);
  const has = (format) => files.some((file) => file.format === format);
  return [
    ...videos
      .filter(({ name }) => !made.has(`${name}.mp4`))
      .map(({ name, bytes }) => ({
        output: `mp4:${name}`,
        text: `MP4, ${name} (about ${formatBytes(bytes + sound)})`,
      })),
    ...videos
      .filter(({ name }) => !made.has(`${name}.webm`))
      .map(({ name }) => ({
        output: `webm:${name}`,
        text: `WebM, ${name} (is encoded, which takes longer)`,
      })),
    ...(hasAudio && !has('m4a') ? [{ output: 'm4a', text: 'Audio, M4A' }] : []),
    ...(hasAudio && !has('mp3') ? [{ output: 'mp3', text: 'Audio, MP3' }] : []),
    ...(videos.length > 0 && durationSeconds <= longestGifSeconds && !has('gif')
      ? [{ output: 'gif', text: 'Animated GIF' }]
      : []),
  ];
}
