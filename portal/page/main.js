import { api, whenSignedOut } from './api.js';
import { byId, fromTemplate } from './elements.js';
import { Selection } from './uploads/selection.js';
import { Uploads } from './uploads/uploads.js';
import { showFarm } from './views/farm.js';
import { showFilm } from './views/film.js';
import { showHome } from './views/home.js';
import { showSignIn } from './views/sign-in.js';

/** Uploads go on whichever view is shown. */
const uploads = new Uploads();
const selection = new Selection();
let leaving = new AbortController();
let session;

const views = [
  [/^\/sign-in$/, 'sign-in-view', (view) => showSignIn({ ...view, session, onSignedIn: enter })],
  [
    /^\/jobs\/([^/]+)$/,
    'film-view',
    (view, [id]) => showFilm({ ...view, job: `/api/jobs/${id}`, id: decodeURIComponent(id) }),
  ],
  [
    /^\/share\/([^/]+)$/,
    'film-view',
    (view, [token]) => showFilm({ ...view, job: `/api/share/${token}`, isShared: true }),
  ],
  [/^\/farm$/, 'farm-view', (view) => showFarm({ ...view, seesAll: session?.seesAll })],
  [
    /^\/$/,
    'home-view',
    (view) =>
      showHome({ ...view, uploads, selection, lanes: session?.lanes ?? [], seesAll: session?.seesAll }),
  ],
];

/** Back to here afterwards. */
const signInPath = () => `/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;

whenSignedOut(() => {
  session = { ...session, name: null };
  go(signInPath(), { replace: true });
});
wireLinks();
wireNetwork();
byId('sign-out').addEventListener('click', signOut);
await start();

async function start() {
  const isOpen = /^\/(share\/|sign-in)/.test(location.pathname);
  session = await api.get('/api/session').catch(() => undefined);
  document.body.classList.toggle('shared', location.pathname.startsWith('/share/'));
  if (!isOpen && session?.name === null) return go(signInPath(), { replace: true });
  if (session?.name) void uploads.restore();
  show();
}

/** After a sign-in. */
async function enter() {
  session = await api.get('/api/session').catch(() => session);
  void uploads.restore();
  const to = new URLSearchParams(location.search).get('to') ?? '/';
  go(/^\/(?![/\\])/.test(to) ? to : '/', { replace: true });
}

async function signOut() {
  uploads.pauseAll();
  const { signOutUrl } = session ?? {};
  await api.delete('/api/session').catch(() => undefined);
  // At the provider too: else the next one at this machine is signed in by a click.
  if (signOutUrl) return location.assign(signOutUrl);
  session = { ...session, name: null };
  go('/sign-in', { replace: true });
}

function go(path, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](undefined, '', path);
  show();
}

function show() {
  leaving.abort();
  leaving = new AbortController();
  const { pathname } = location;
  const root = byId('view');
  byId('account').hidden = !session?.name || document.body.classList.contains('shared');
  byId('account-name').textContent = session?.name ?? '';
  for (const link of document.querySelectorAll('.top nav a'))
    link.toggleAttribute('aria-current', link.getAttribute('href') === pathname);
  document.title = 'transcode-farm';
  for (const [pattern, template, open] of views) {
    const found = pattern.exec(pathname);
    if (!found) continue;
    const isFirst = root.childElementCount === 0;
    root.replaceChildren(fromTemplate(template));
    window.scrollTo(0, 0);
    // Whoever uses keys goes on in the new view: what had the focus is gone.
    if (!isFirst && document.activeElement === document.body) root.focus({ preventScroll: true });
    return open({ signal: leaving.signal, root, go }, found.slice(1));
  }
  root.replaceChildren(fromTemplate('nothing-view'));
}

/** Links inside the page change the view and load nothing. */
function wireLinks() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="/"]:not([download]):not([target])');
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.getAttribute('href') !== location.pathname) go(link.getAttribute('href'));
  });
  window.addEventListener('popstate', show);
}

function wireNetwork() {
  const showNetwork = () => {
    byId('offline').hidden = navigator.onLine;
  };
  window.addEventListener('online', showNetwork);
  window.addEventListener('offline', showNetwork);
  showNetwork();
}
