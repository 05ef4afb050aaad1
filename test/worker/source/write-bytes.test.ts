import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { writeBytes } from '../../../worker/src/source/write-bytes.ts';

/** A response whose reader is connected. */
async function withResponse(use: (response: ServerResponse) => Promise<void>): Promise<void> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  reader.write('GET / HTTP/1.1\r\nHost: farm\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  try {
    response.writeHead(200);
    await use(response);
  } finally {
    reader.destroy();
    server.closeAllConnections();
    server.close();
  }
}

const bytes = Buffer.alloc(1000);

it('ends when the bytes are sent', () =>
  withResponse(async (response) => {
    await writeBytes(response, bytes);
    expect(response.writableLength).toBe(0);
  }));

it('fails when the connection is cut while it writes, so that a block of the source is free again', () =>
  withResponse(async (response) => {
    response.socket?.destroy();
    await expect(writeBytes(response, bytes)).rejects.toThrow('The reader has gone.');
  }));

it('fails when the connection was cut before', () =>
  withResponse(async (response) => {
    response.socket?.destroy();
    await once(response, 'close');
    await expect(writeBytes(response, bytes)).rejects.toThrow();
  }));
