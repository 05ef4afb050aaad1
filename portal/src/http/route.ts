import type { z } from 'zod';
import type { Viewer } from '../auth/sessions.ts';
import { Problem } from './problem.ts';

/** A request as its route gets it. */
export interface Call<Body = undefined, Query = undefined> {
  request: Request;
  /** Of the portal, as the client reached it. */
  origin: URL;
  /** From the path, decoded. */
  params: Record<string, string>;
  body: Body;
  query: Query;
  /** Anonymous calls reach only routes that are open to everyone. */
  viewer: Viewer | undefined;
  ip: string;
  /** Names who it turned out to be, for the audit log. */
  identify(name: string): void;
}

interface Described {
  /** In the OpenAPI document and in the audit log. */
  id: string;
  method: 'GET' | 'POST' | 'DELETE';
  /** Such as `/api/jobs/{id}`; a last `{path+}` takes the rest. */
  path: string;
  summary: string;
  /** Everyone may call it; without it, only who is signed in. */
  isOpen?: boolean;
  /** It shows or changes films of everyone: not for those who see only their own. */
  isForAdmins?: boolean;
  /** It changes something: gets an audit line. */
  isAudited?: boolean;
  /** Headers that the caller may send, and what they do. */
  headers?: Record<string, string>;
  /** Status and schema of the answer; other statuses are problems. */
  answer: { status: number; description: string; schema?: z.ZodType };
}

/** One operation: the schemas check the request, and describe it in the OpenAPI document. */
export interface Route extends Described {
  body?: z.ZodType;
  query?: z.ZodType;
  handle(call: Call<never, never>): Promise<Response> | Response;
}

interface TypedRoute<Body extends z.ZodType, Query extends z.ZodType> extends Described {
  body?: Body;
  query?: Query;
  handle(call: Call<z.output<Body>, z.output<Query>>): Promise<Response> | Response;
}

export function route<Body extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined>(
  typed: TypedRoute<Body, Query>,
): Route {
  return typed as Route;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Finds the route of a path. @throws Problem for a path that is not UTF-8, and for a method that the path does not take */
export function findRoute(routes: readonly Route[], method: string, pathname: string): Match | undefined {
  const found = routes.flatMap((each) => {
    const params = matchPath(each.path, pathname);
    return params === undefined ? [] : [{ route: each, params }];
  });
  if (found.length === 0) return undefined;
  const wanted = method === 'HEAD' ? 'GET' : method;
  const match = found.find((each) => each.route.method === wanted);
  if (match !== undefined) return match;
  const allow = found.map((each) => each.route.method).join(', ');
  throw new Problem(405, 'method-not-allowed', `${method} is not allowed here. Use ${allow}.`, { allow });
}

function matchPath(pattern: string, pathname: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = pathname.split('/');
  const takesRest = wanted.at(-1)?.endsWith('+}') === true;
  if (takesRest ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const name = /^\{(\w+)\+?\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== given[at]) return undefined;
      continue;
    }
    const isRest = takesRest && at === wanted.length - 1;
    params[name] = decode(isRest ? given.slice(at).join('/') : (given[at] ?? ''));
    if (params[name] === '') return undefined;
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(400, 'invalid-path', 'The path is not valid UTF-8.');
  }
}

/** Most of the bodies are some hundred bytes; a finished upload names 10,000 parts. */
export const maxBodyBytes = 2 ** 20;

/** @throws Problem that names the field, the value and what is allowed */
export async function readBody(request: Request, schema: z.ZodType | undefined): Promise<unknown> {
  if (schema === undefined) return undefined;
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const text = await request.text();
  // Also keeps out forms of other sites, which can't send JSON.
  if (type !== 'application/json' && text !== '')
    throw new Problem(
      415,
      'not-json',
      'Send the body as JSON, with the header "content-type: application/json".',
    );
  return check(schema, parseJson(text === '' ? '{}' : text), 'body');
}

/** Of a header that a route reads. */
export const maxHeaderCharacters = 200;

/** @throws Problem for a header that is empty or longer than the description of the API says */
export function checkHeaders(request: Request, headers: Route['headers'] = {}): void {
  for (const name of Object.keys(headers)) {
    const { length } = request.headers.get(name) ?? ' ';
    if (length < 1 || length > maxHeaderCharacters)
      throw new Problem(
        400,
        'invalid-request',
        `header ${name}: it has ${length} characters; expected 1 to ${maxHeaderCharacters}.`,
      );
  }
}

export function readQuery(url: URL, schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return undefined;
  return check(schema, Object.fromEntries(url.searchParams), 'query');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, 'not-json', `The body is not valid JSON: ${(error as Error).message}.`);
  }
}

function parse(schema: z.ZodType, value: unknown, where: string): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    // The stack is what limits how deep values may lie in each other.
    if (!(error instanceof RangeError)) throw error;
    throw new Problem(400, 'invalid-request', `${where}: its values lie too deep in each other.`);
  }
}

function check(schema: z.ZodType, value: unknown, where: string): unknown {
  const parsed = parse(schema, value, where);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${[where, ...path].join('.')}: ${message}`,
  );
  throw new Problem(400, 'invalid-request', `${problems.join('. ')}.`);
}
