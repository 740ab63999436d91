import { pathToFileURL } from 'node:url'
import type { Plugin } from 'vite'

interface RouteLike {
  readonly method: string
  readonly path: string
  readonly idempotent: boolean
  readonly etag: string
  readonly params?: { readonly shape: object } | undefined
  readonly query?: { readonly shape: object } | undefined
  readonly body?: unknown
  readonly answer?: unknown
}

/**
 * The table of routes as plain data. The SDK's client needs addresses and the names of parameters, and not the schemas: the server checks what it
 * is sent. This keeps 35 KB of schema code out of the console, and its probe for `new Function`, which the page policy forbids and reports.
 * The table is read from the contract at each build, so there is still one truth.
 */
export function plainContract(contractFolder: string): Plugin {
  const modules: Readonly<Record<string, () => Promise<string>>> = {
    '@keyward/contract/routes': async () => {
      const { routes } = (await import(pathToFileURL(`${contractFolder}/routes.ts`).href)) as {
        routes: Record<string, Record<string, RouteLike>>
      }
      const groups = Object.entries(routes).map(([name, group]) => [
        name,
        Object.fromEntries(Object.entries(group).map(([method, route]) => [method, plain(route)])),
      ])
      return `export const routes = ${JSON.stringify(Object.fromEntries(groups))}`
    },
    '@keyward/contract/problem': async () => problemCheck,
    '@keyward/contract/records': () => lists(`${contractFolder}/records.ts`),
    '@keyward/contract/resources': () => lists(`${contractFolder}/resources.ts`),
  }
  return {
    name: 'keyward-plain-contract',
    enforce: 'pre',
    resolveId: (id) => (Object.hasOwn(modules, id) ? `\0${id}` : undefined),
    load: (id) => modules[id.slice(1)]?.(),
  }
}

/** The vocabularies of a module of schemas: its lists of words, without the schemas. */
async function lists(file: string): Promise<string> {
  const all = Object.entries((await import(pathToFileURL(file).href)) as Record<string, unknown>)
  return all.flatMap(([name, value]) => (Array.isArray(value) ? [`export const ${name} = ${JSON.stringify(value)}`] : [])).join('\n')
}

/** What the SDK reads of a route, and nothing else. A schema becomes `true`, or the names in it. */
function plain(route: RouteLike): object {
  const names = (schema: { readonly shape: object }) => ({ shape: Object.fromEntries(Object.keys(schema.shape).map((key) => [key, 1])) })
  return {
    method: route.method,
    path: route.path,
    ...(route.idempotent ? { idempotent: true } : {}),
    etag: route.etag,
    ...(route.params ? { params: names(route.params) } : {}),
    ...(route.query ? { query: names(route.query) } : {}),
    ...(route.body === undefined ? {} : { body: true }),
    ...(route.answer === undefined ? {} : { answer: true }),
  }
}

const problemCheck = `export const Problem = {
  safeParse(data) {
    const success = typeof data === 'object' && data !== null && typeof data.code === 'string' && typeof data.title === 'string' && typeof data.fix === 'string'
    return success ? { success, data } : { success }
  },
}`
