import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * What AWS answers, by the operation's name, or by `GET /path` where a service has none in its requests: an object as JSON,
 * a text as XML; an error by its `__type`, or by `<Error>` in XML.
 */
export type AwsAnswers = Record<string, object | string>;

interface AnsweringAws extends AsyncDisposable {
  /** For the SDK's clients. */
  client: {
    region: string;
    endpoint: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** What was asked so far. */
  asked: object[];
}

/**
 * Says what AWS would say, for the services that no emulator here has. The SDK's own clients talk to it, so that what they
 * send and read is real.
 */
export async function startAwsAnswers(answers: AwsAnswers): Promise<AnsweringAws> {
  const asked: object[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const target = String(request.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1);
    const operation =
      target || new URLSearchParams(body).get('Action') || `${request.method} ${request.url?.split('?')[0]}`;
    const answer = answers[operation];
    asked.push(target ? (JSON.parse(body) as object) : Object.fromEntries(new URLSearchParams(body)));
    if (typeof answer === 'string') {
      response.writeHead(answer.includes('<Error>') ? 400 : 200, { 'content-type': 'text/xml' });
      return void response.end(answer);
    }
    const isError = answer === undefined || '__type' in answer;
    response.writeHead(isError ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer ?? { __type: 'UnknownOperationException', message: operation }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    client: {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
