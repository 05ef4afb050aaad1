/** What the portal answered instead of what was asked for. */
export class ApiProblem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Nothing was answered: no network, or no portal. */
export class Offline extends Error {}

let onSignedOut = () => undefined;

/** @param listener called when the session has ended */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/**
 * Calls the portal's API. The browser keeps answers with their ETags, so asking again costs little while nothing changes.
 * @returns the answer's JSON, undefined where it has none
 * @throws ApiProblem, Offline
 */
export async function call(method, path, body, { signal } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      cache: 'no-cache',
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Offline('The portal can’t be reached.');
  }
  if (response.ok) return response.status === 204 ? undefined : await response.json();
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && problem.type?.endsWith(':not-signed-in')) onSignedOut();
  throw new ApiProblem(
    response.status,
    problem.type?.split(':').at(-1),
    problem.detail ?? response.statusText,
  );
}

export const api = {
  get: (path, options) => call('GET', path, undefined, options),
  post: (path, body = {}, options) => call('POST', path, body, options),
  delete: (path, options) => call('DELETE', path, undefined, options),
};
