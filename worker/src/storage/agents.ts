import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

interface ProxyVariables {
  HTTPS_PROXY?: string;
  https_proxy?: string;
  NO_PROXY?: string;
  no_proxy?: string;
}

/**
 * Kept connections for a client of the AWS SDK, which by itself knows no proxy. Requests over TLS go through the one that
 * HTTPS_PROXY names, but for the hosts of NO_PROXY: https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support
 */
export function openAgents(env: ProxyVariables = process.env): {
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
} {
  const options = { keepAlive: true, maxSockets: 64 };
  const { HTTPS_PROXY = env.https_proxy, NO_PROXY = env.no_proxy } = env;
  return {
    httpAgent: new HttpAgent(options),
    httpsAgent: new HttpsAgent({ ...options, proxyEnv: { HTTPS_PROXY, NO_PROXY } }),
  };
}
