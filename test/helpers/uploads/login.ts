import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identities } from '../../../cli/local-farm/rules/identities.ts';

/** A login at AWS that ends and is renewed. The SDK asks for it as a container does. */
export interface Login extends AsyncDisposable {
  environment: Record<string, string>;
  /** What was handed out is refused from now on, and nothing new is handed out. */
  end(): void;
  renew(): void;
}

const role = 'owner';

export async function startLogin(identities: Identities): Promise<Login> {
  identities.addRole(role, [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }]);
  let isValid = true;
  const server = createServer((_, response) => {
    if (!isValid) return void response.writeHead(403, { 'content-type': 'application/json' }).end('{}');
    const body = JSON.stringify(identities.issue(role, 12 * 3600, 3600));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/login` },
    end() {
      isValid = false;
      identities.endSessions();
    },
    renew() {
      isValid = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
