/** An answer that is an error, as RFC 9457 (problem details for HTTP APIs) has it. */
export class Problem extends Error {
  readonly status: number;
  /** Stable, for programs: the last part of the problem's `type`. */
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  toResponse(): Response {
    const { status, code, message: detail } = this;
    const body = {
      type: `urn:transcode-farm:problem:${code}`,
      title: titles[status] ?? 'Error',
      status,
      detail,
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...this.headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    });
  }
}

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Content too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  422: 'Film refused',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'Farm not reachable',
};
