/** The storage, or the way to it, does not take a part now. */
export class PartProblem extends Error {
  constructor(message, { status = 0 } = {}) {
    super(message);
    this.status = status;
  }
}

/** No byte moved for so long. */
const stallMs = 60_000;

/**
 * Sends one part straight to the storage. By XMLHttpRequest, as `fetch` says nothing of an upload's progress.
 * @returns the part's ETag
 * @throws PartProblem, and what the signal was aborted with
 */
export function sendPart(url, body, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => fail(new PartProblem('The connection stands still.')), stallMs);
    };
    const abort = () => fail(signal.reason);
    const fail = (error) => {
      end();
      request.abort();
      reject(error);
    };
    const end = () => {
      clearTimeout(stalled);
      signal.removeEventListener('abort', abort);
    };
    request.upload.onprogress = ({ loaded }) => {
      watch();
      onProgress(loaded);
    };
    request.onerror = () => fail(new PartProblem('The storage can’t be reached.'));
    request.onload = () => {
      end();
      const etag = request.getResponseHeader('etag');
      if (request.status !== 200)
        reject(new PartProblem(`The storage answered ${request.status}.`, { status: request.status }));
      else if (etag === null)
        reject(
          new PartProblem('The storage hides the ETag: its CORS rules have to expose it.', { status: 200 }),
        );
      else resolve(etag);
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', abort);
    request.open('PUT', url);
    request.send(body);
    watch();
  });
}
