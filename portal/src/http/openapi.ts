import { z } from 'zod';
import { maxHeaderCharacters, type Route } from './route.ts';

/** The OpenAPI 3.1 document of the API: made from the schemas that check the requests. */
export function openApiDocument(routes: readonly Route[], title: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const shared: Record<string, unknown> = {};
  for (const each of routes) {
    const path = each.path.replace('+}', '}');
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation(each, shared) };
  }
  return {
    openapi: '3.1.0',
    info: { title: `${title} API`, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: {
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-farm' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: problemSchema, ...shared },
    },
  };
}

/** @param shared takes the schemas that an operation's own refer to */
function operation(
  { id, summary, path, isOpen, headers = {}, body, query, answer }: Route,
  shared: Record<string, unknown>,
): object {
  const problem = {
    description: 'A problem (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  return {
    operationId: id,
    summary,
    security: isOpen ? [] : [{ cookie: [] }, { bearer: [] }],
    parameters: [...pathParameters(path), ...queryParameters(query), ...headerParameters(headers)],
    ...(body && {
      requestBody: {
        // A body whose fields may all be left out may be left out too.
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: hoist(id, schemaOf(body, 'input'), shared) } },
      },
    }),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema && {
          content: { 'application/json': { schema: hoist(id, schemaOf(answer.schema, 'output'), shared) } },
        }),
      },
      default: problem,
    },
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function headerParameters(headers: Record<string, string>): object[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string', minLength: 1, maxLength: maxHeaderCharacters },
  }));
}

/** OpenAPI keeps schemas that others refer to among its components. */
function hoist(id: string, schema: object, shared: Record<string, unknown>): object {
  const place = (name: string) => `${id}-${name.replaceAll('_', '')}`;
  const moved = JSON.parse(
    JSON.stringify(schema).replaceAll(
      /"#\/\$defs\/(\w+)"/g,
      (_, name: string) => `"#/components/schemas/${place(name)}"`,
    ),
  ) as { $defs?: Record<string, unknown> };
  const { $defs = {}, ...rest } = moved;
  for (const [name, definition] of Object.entries($defs)) shared[place(name)] = definition;
  return rest;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  },
};
