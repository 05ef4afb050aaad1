import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PageFile {
  body: Buffer<ArrayBuffer>;
  headers: Record<string, string>;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** Paths that are all the same page: its script shows what belongs to the path. */
const views = /^\/(?:$|sign-in$|farm$|jobs\/[^/]+$|share\/[^/]+$)/;

/** The page's own files, in memory: a few hundred kilobytes. */
export class PageFiles {
  readonly #files: ReadonlyMap<string, PageFile>;

  constructor(
    folder = fileURLToPath(new URL('../../page', import.meta.url)),
    hlsScript = fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js')),
  ) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => extname(name) in types,
    );
    this.#files = new Map([
      ...names.map((name): [string, PageFile] => [
        `/assets/${name.replaceAll('\\', '/')}`,
        readPageFile(join(folder, name)),
      ]),
      ['/assets/hls.js', readPageFile(hlsScript)],
    ]);
  }

  /** @returns undefined where the path is none of the page's */
  answer(request: Request, pathname: string): Response | undefined {
    const file = this.#files.get(views.test(pathname) ? '/assets/index.html' : pathname);
    if (file === undefined) return undefined;
    const isKnown = request.headers.get('if-none-match') === file.headers.etag;
    return new Response(isKnown ? null : file.body, { status: isKnown ? 304 : 200, headers: file.headers });
  }

  /** For people, whose browsers ask for HTML first: the page says that there is nothing at the path. Programs get a problem. */
  answerNothing(request: Request, pathname: string): Response | undefined {
    const file = this.#files.get('/assets/index.html');
    const isPerson = /^text\/html\b/.test(request.headers.get('accept') ?? '');
    if (file === undefined || !isPerson || /^\/(api|assets)\//.test(pathname)) return undefined;
    const { etag: _, ...headers } = file.headers;
    return new Response(file.body, { status: 404, headers });
  }
}

function readPageFile(path: string): PageFile {
  const body = readFileSync(path);
  return {
    body,
    headers: {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'cache-control': 'no-cache',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    },
  };
}
