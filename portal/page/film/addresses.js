import { copyField } from '../dialogs.js';
import { byId, element } from '../elements.js';
import { titleOf } from '../jobs/words.js';

/** Where other pages and players find the film: what can be copied of it. */
export function showAddresses(job) {
  const { url } = job.film;
  const isPublic = url !== undefined;
  byId('addresses').hidden = false;
  byId('addresses-note').textContent = isPublic
    ? 'Everyone who has these addresses can watch the film.'
    : 'This film is private: other pages can’t play it. Share it by a link, or give the farm a public address (delivery).';
  byId('address-fields').replaceChildren(
    ...(isPublic
      ? [
          copyField('Playlist', url),
          copyField('Player', snippetOf(job), { isLong: true }),
          element('p', {
            className: 'dim',
            text: 'The player loads nothing from others: put hls.min.js of the npm package hls.js beside your page, for browsers that play no HLS themselves.',
          }),
        ]
      : []),
  );
}

/** A player for any page. Browsers that play HLS need no script. */
export function snippetOf(job) {
  const { url, poster, renditions, files = [] } = job.film;
  const [first] = renditions.filter(({ kind }) => kind === 'video');
  const base = new URL('.', url).href;
  // A poster has the address of this portal here, and the path that it has beside the playlist.
  const posterUrl = poster && new URL(poster.split('/').slice(4).join('/'), base).href;
  const tag = first ? 'video' : 'audio';
  const attributes = [
    `id="film" controls${first ? ' playsinline' : ''} preload="metadata"`,
    `title="${escapeHtml(titleOf(job))}"`,
    ...(first ? [`style="width: 100%; aspect-ratio: ${first.width} / ${first.height}"`] : []),
    ...(posterUrl ? [`poster="${escapeHtml(posterUrl)}"`] : []),
  ];
  const file = files.find((each) => each.format === (first ? 'mp4' : 'mp3') && each.url);
  const last = file ? `\n  <a href="${escapeHtml(file.url)}">Download</a>\n` : '';
  return `<${tag} ${attributes.join('\n  ')}
  src="${escapeHtml(url)}">${last}</${tag}>
<script>
  const film = document.getElementById('film');
  if (!film.canPlayType('application/vnd.apple.mpegurl')) {
    const script = document.createElement('script');
    script.src = 'hls.min.js';
    script.onload = () => {
      const hls = new Hls();
      hls.loadSource(film.src);
      hls.attachMedia(film);
    };
    document.head.append(script);
  }
</script>`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
