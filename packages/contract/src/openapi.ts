import { z } from 'zod'
import { type ErrorCode, errorDefinitions } from './errors.ts'
import { limits } from './limits.ts'
import { Problem } from './problem.ts'
import type { Route } from './route.ts'
import { allRoutes } from './routes.ts'

type Json = { [key: string]: unknown }
type Direction = 'input' | 'output'

/**
 * The OpenAPI 3.1 document of the control API, made from the route table and nothing else. Its golden file is docs/openapi.golden.json; the
 * server gives it at /api/openapi.json.
 */
export function openApiDocument(): Json {
  const components = new Components(allRoutes())
  const paths: Record<string, Json> = {}
  for (const route of allRoutes()) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operationOf(route, components)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyward control API',
      version: '1',
      description: 'The control plane for AI credentials. Errors are RFC 9457 problem details with a stable `code` and a `fix`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiToken: [] }, { session: [] }],
    paths,
    components: {
      schemas: components.all(),
      securitySchemes: {
        apiToken: { type: 'http', scheme: 'bearer', description: 'An API token of a person: `kwu_…`' },
        session: { type: 'apiKey', in: 'cookie', name: 'keyward_session', description: 'The session of the console' },
      },
    },
    tags: [...new Set(allRoutes().map(tagOf))].map((name) => ({ name })),
  }
}

function operationOf(route: Route, components: Components): Json {
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)]
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [tagOf(route)],
    ...(route.access === 'public' ? { security: [] } : {}),
    'x-keyward-access': route.access,
    ...(route.fresh ? { 'x-keyward-fresh-authentication': true } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: components.reference(route.body, 'input') } } } }),
    responses: { [String(route.status)]: successOf(route, components), ...refusalsOf(route) },
  }
}

function successOf(route: Route, components: Components): Json {
  return {
    description: route.status === 201 ? 'Created' : route.status === 204 ? 'Done' : 'The answer',
    ...(route.etag === 'none' || route.status === 204
      ? {}
      : { headers: { ETag: { description: 'The revision, for `If-Match`', schema: { type: 'string' } } } }),
    ...(route.answer === undefined ? {} : { content: { 'application/json': { schema: components.reference(route.answer, 'output') } } }),
  }
}

/** One response a status, naming the codes that it may carry. */
function refusalsOf(route: Route): Json {
  const byStatus = Map.groupBy(route.errors, (code: ErrorCode) => errorDefinitions[code].status)
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        {
          description: [...codes]
            .sort()
            .map((code) => `\`${code}\`: ${errorDefinitions[code].title}`)
            .join('; '),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  )
}

function pathParameters(route: Route): Json[] {
  return Object.entries(route.params?.shape ?? {}).map(([name, schema]) => parameter(name, 'path', schema, true))
}

function queryParameters(route: Route): Json[] {
  return Object.entries(route.query?.shape ?? {}).map(([name, schema]) =>
    parameter(name, 'query', schema, !schema.safeParse(undefined).success),
  )
}

function headerParameters(route: Route): Json[] {
  return [
    ...(route.idempotent
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'Sent again with the same body within a day, it gives the same answer and does nothing again',
            schema: { type: 'string', maxLength: limits.idempotencyKeyCharsMax },
          },
        ]
      : []),
    ...(route.etag === 'needs'
      ? [{ name: 'If-Match', in: 'header', required: true, description: 'The ETag that was read, or `*`', schema: { type: 'string' } }]
      : []),
  ]
}

function parameter(name: string, place: 'path' | 'query', schema: z.core.$ZodType, required: boolean): Json {
  const { description, ...rest } = jsonSchema(schema as z.ZodType, 'input')
  return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: rest }
}

function tagOf(route: Route): string {
  return route.id.split('.')[0] ?? route.id
}

/**
 * Named schemas (`.meta({ id })`), each written once. What reads differently coming in and going out (a default makes a member optional on
 * its way in alone) has two: the one on its way in is called `…Input`.
 */
class Components {
  readonly #found: Readonly<Record<Direction, Map<string, Json>>> = { input: new Map(), output: new Map() }

  constructor(routes: readonly Route[]) {
    this.#collect(Problem, 'output')
    for (const route of routes) {
      if (route.body) this.#collect(route.body, 'input')
      if (route.answer) this.#collect(route.answer, 'output')
    }
  }

  /** A schema with its named parts replaced by references. */
  reference(schema: z.ZodType, direction: Direction): Json {
    const { $defs, ...root } = jsonSchema(schema, direction)
    return this.#rewrite(root, direction) as Json
  }

  all(): Json {
    const named: [string, unknown][] = []
    for (const direction of ['output', 'input'] as const) {
      for (const [id, definition] of this.#found[direction]) {
        if (direction === 'output' || this.#nameOf(id, 'input') !== id || !this.#found.output.has(id)) {
          named.push([this.#nameOf(id, direction), this.#rewrite(definition, direction)])
        }
      }
    }
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #collect(schema: z.ZodType, direction: Direction): void {
    const { $defs } = jsonSchema(schema, direction) as { $defs?: Record<string, Json> }
    for (const [id, definition] of Object.entries($defs ?? {})) this.#found[direction].set(id, definition)
  }

  #nameOf(id: string, direction: Direction): string {
    return direction === 'input' && this.#differs(id, new Set()) ? `${id}Input` : id
  }

  /** True where the two forms differ, or those of something that it refers to. */
  #differs(id: string, seen: Set<string>): boolean {
    if (seen.has(id)) return false
    seen.add(id)
    const [input, output] = [JSON.stringify(this.#found.input.get(id)), JSON.stringify(this.#found.output.get(id))]
    if (input === undefined || output === undefined) return false
    if (input !== output) return true
    return [...input.matchAll(/"#\/\$defs\/([^"]+)"/g)].some(([, inner]) => inner !== undefined && this.#differs(inner, seen))
  }

  #rewrite(value: unknown, direction: Direction): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#rewrite(item, direction))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const id = name === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '') : undefined
        return [name, id === undefined ? this.#rewrite(inner, direction) : `#/components/schemas/${this.#nameOf(id, direction)}`]
      }),
    )
  }
}

function jsonSchema(schema: z.ZodType, direction: Direction): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: direction,
    override: ({ zodSchema, jsonSchema: made }) => {
      const { def } = zodSchema._zod as { def: { type: string; catchall?: unknown } }
      // Answers may grow: only what is written as strict is closed.
      if (def.type === 'object' && def.catchall === undefined) delete made.additionalProperties
      if ('shownOnce' in made) {
        delete made.shownOnce
        made['x-keyward-shown-once'] = true
      }
    },
  })
  return rest
}
