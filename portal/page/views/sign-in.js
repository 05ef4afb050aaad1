import { api } from '../api.js';
import { byId } from '../elements.js';

const problems = {
  used: 'This link was used before, or it is too old. Ask for a new one.',
  expired: 'This sign-in took too long, or another browser began it. Try again.',
  'not-allowed':
    'This account may not use the portal. Ask its owner to let you in, or sign in with another account.',
  failed: 'The sign-in did not work. Try again; if it happens again, the portal’s log says why.',
};

/** Who is not signed in: a password, an account at an OpenID provider, or how to get a link. */
export function showSignIn({ session, onSignedIn, signal }) {
  document.title = 'Sign in · transcode-farm';
  const [form, password, problem] = ['sign-in-form', 'password', 'sign-in-problem'].map(byId);
  const by = session?.signIn;
  const query = new URLSearchParams(location.search);
  byId('sign-in-by-link').hidden = by !== 'link';
  byId('sign-in-by-name').hidden = by !== 'oidc';
  form.hidden = by === 'link' || by === 'oidc';
  const to = query.get('to');
  if (to) byId('sign-in-oidc').search = new URLSearchParams({ to });
  const fail = (text) => {
    problem.textContent = text;
    problem.hidden = false;
    password.setAttribute('aria-invalid', 'true');
    password.select();
  };
  const known = problems[query.get('problem') ?? query.get('link')];
  if (known) {
    problem.textContent = known;
    problem.hidden = false;
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const submit = form.querySelector('button');
    submit.disabled = true;
    try {
      await api.post('/api/session', { password: password.value }, { signal });
      await onSignedIn();
    } catch (error) {
      fail(error.message);
    } finally {
      submit.disabled = false;
    }
  });
  if (by === 'oidc') byId('sign-in-oidc').focus();
  else if (by !== 'link') password.focus();
}
