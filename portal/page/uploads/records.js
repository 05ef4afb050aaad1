/**
 * Uploads that are not complete, kept in this browser, so that they go on after a reload and on another day. The storage has
 * the parts; what is here says which upload a file belongs to.
 */
const storeName = 'uploads';

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('transcode-farm', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: 'fingerprint' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, act) {
  const database = await open();
  try {
    const request = act(database.transaction(storeName, mode).objectStore(storeName));
    return await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/** A browser that keeps nothing (some do in private windows) uploads all the same. */
const orNothing = () => undefined;

export const records = {
  all: async () => (await run('readonly', (store) => store.getAll()).catch(orNothing)) ?? [],
  find: (fingerprint) => run('readonly', (store) => store.get(fingerprint)).catch(orNothing),
  save: (record) =>
    run('readwrite', (store) => store.put(record)).catch(() =>
      // Handles can't be stored everywhere.
      run('readwrite', (store) => store.put({ ...record, handle: undefined })).catch(orNothing),
    ),
  remove: (fingerprint) => run('readwrite', (store) => store.delete(fingerprint)).catch(orNothing),
};
