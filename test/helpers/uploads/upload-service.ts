import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Call, objectOf, queryOf } from '../../../cli/local-farm/rules/call.ts';
import type { Rules } from '../../../cli/local-farm/rules/rules.ts';
import { render, serviceOf } from '../../../cli/local-farm/rules/verdict.ts';
import { multipartEtag } from '../../../worker/src/storage/completed.ts';

/** What is known of a part; its bytes are thrown away, so films of any size fit. */
interface Part {
  bytes: number;
  md5: string;
}

export interface StoredObject {
  bytes: number;
  etag: string;
}

/** S3 and SNS for `farm submit` of one large film, with the services' rules. Emulators hold a film in memory. */
export interface UploadService extends AsyncDisposable {
  endpoint: string;
  objects: Map<string, StoredObject>;
  /** Parts that came, repetitions included. */
  readonly partsSent: number;
  readonly uploadsBegun: number;
  /** Ids of the requests that were published, repetitions included. */
  published: string[];
  /** Called with the number of parts that came, before the answer to the last one. */
  onPart: (sent: number) => Promise<void>;
}

export async function startUploadService(rules: Rules): Promise<UploadService> {
  const uploads = new Map<string, Map<number, Part>>();
  let partsSent = 0;
  let uploadsBegun = 0;

  const answers: Record<string, (call: Call, response: ServerResponse) => void | Promise<void>> = {
    begin(_, response) {
      const id = randomUUID();
      uploads.set(id, new Map());
      uploadsBegun += 1;
      response.end(
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    },
    async part(call, response) {
      const query = new Map(queryOf(call));
      const parts = uploads.get(query.get('uploadId') ?? '');
      if (parts === undefined) return fail(response, 404, 'NoSuchUpload');
      const md5 = createHash('md5').update(call.body).digest('hex');
      parts.set(Number(query.get('partNumber')), { bytes: call.body.length, md5 });
      partsSent += 1;
      await service.onPart(partsSent);
      response.writeHead(200, { etag: `"${md5}"` }).end();
    },
    complete(call, response) {
      const id = new Map(queryOf(call)).get('uploadId') ?? '';
      const parts = uploads.get(id);
      if (parts === undefined) return fail(response, 404, 'NoSuchUpload');
      const asked = [...String(call.body).matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, n]) =>
        parts.get(Number(n)),
      );
      const found = asked.flatMap((part) => part ?? []);
      if (found.length !== asked.length || found.length !== parts.size)
        return fail(response, 400, 'InvalidPart');
      const etag = multipartEtag(found.map(({ md5 }) => md5));
      const bytes = found.reduce((sum, part) => sum + part.bytes, 0);
      service.objects.set(objectOf(call).key, { bytes, etag });
      uploads.delete(id);
      response.end(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
    },
    head(call, response) {
      const object = service.objects.get(objectOf(call).key);
      if (object === undefined) return void response.writeHead(404).end();
      response.writeHead(200, { etag: object.etag, 'content-length': object.bytes }).end();
    },
    sns(call, response) {
      const form = new URLSearchParams(String(call.body));
      const action = form.get('Action');
      const requestId = form.get('MessageAttributes.entry.1.Value.StringValue');
      if (action === 'Publish') service.published.push(requestId ?? '');
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<${action}Response><${action}Result><MessageId>1</MessageId></${action}Result></${action}Response>`,
      );
    },
  };

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    // Clients leave in the middle: that is what this is for.
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    const call: Call = { method, url, headers, body };
    const verdict = rules.check(call);
    if (verdict?.kind === 'refusal') {
      const refusal = render(verdict, call);
      return void response.writeHead(refusal.status, refusal.headers).end(refusal.body);
    }
    await answers[kindOf(call)]?.(call, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service: UploadService = {
    endpoint: `http://127.0.0.1:${port}`,
    objects: new Map(),
    published: [],
    onPart: async () => {},
    get partsSent() {
      return partsSent;
    },
    get uploadsBegun() {
      return uploadsBegun;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
}

function kindOf(call: Call): 'begin' | 'part' | 'complete' | 'head' | 'sns' {
  if (serviceOf(call) === 'sns') return 'sns';
  const query = new Map(queryOf(call));
  if (query.has('uploads')) return 'begin';
  if (query.has('partNumber')) return 'part';
  return query.has('uploadId') ? 'complete' : 'head';
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code></Error>`);
}
