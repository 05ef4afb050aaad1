import { api } from '../api.js';
import { byId } from '../elements.js';

/** Who is not signed in: a password, or how to get a link. */
export function showSignIn({ session, onSignedIn, signal }) {
  document.title = 'Sign in · transcode-farm';
  const [form, password, problem] = ['sign-in-form', 'password', 'sign-in-problem'].map(byId);
  const byLink = session?.signIn === 'link';
  byId('sign-in-by-link').hidden = !byLink;
  form.hidden = byLink;
  const fail = (text) => {
    problem.textContent = text;
    problem.hidden = false;
    password.setAttribute('aria-invalid', 'true');
    password.select();
  };
  if (new URLSearchParams(location.search).get('link') === 'used') {
    problem.textContent = 'This link was used before, or it is too old. Ask for a new one.';
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
  if (!byLink) password.focus();
}
