/** How often something is asked for while the page is hidden. */
const hiddenMs = 15_000;

/**
 * Asks again and again, quietly while the page is hidden, and at once when it is seen again or the network is back.
 * @param ask gives the time to the next question in milliseconds; undefined ends it
 */
export async function poll(signal, ask) {
  while (!signal.aborted) {
    const delay = await ask();
    if (delay === undefined || signal.aborted) return;
    await wait(delay, signal);
  }
}

function wait(milliseconds, signal) {
  return new Promise((resolve) => {
    const ended = new AbortController();
    const options = { signal: ended.signal };
    let timer;
    const end = () => {
      clearTimeout(timer);
      ended.abort();
      resolve();
    };
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(end, document.hidden ? Math.max(milliseconds, hiddenMs) : milliseconds);
    };
    document.addEventListener('visibilitychange', () => (document.hidden ? begin() : end()), options);
    window.addEventListener('online', end, options);
    signal.addEventListener('abort', end, options);
    begin();
  });
}
