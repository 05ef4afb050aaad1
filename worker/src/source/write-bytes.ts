import type { ServerResponse } from 'node:http';

/**
 * Resolves when the bytes are sent, so that their memory may be reused.
 * @throws Error when the reader has gone. Node says nothing of bytes that are written to a socket that was destroyed a moment
 * ago: https://github.com/nodejs/node/blob/v24.x/lib/_http_outgoing.js (`_writeRaw`)
 */
export async function writeBytes(response: ServerResponse, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(new Error('The reader has gone.'));
  if (response.closed) onClose();
  response.once('close', onClose);
  response.write(bytes, (error) => (error ? reject(error) : resolve()));
  try {
    await promise;
  } finally {
    response.off('close', onClose);
  }
}
