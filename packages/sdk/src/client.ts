import type { Route, RouteAnswer, RouteBody, RouteParams, RouteQuery } from '@keyward/contract/route'
import { routes } from '@keyward/contract/routes'
import { Listing, type Page } from './pages.ts'
import { type CallOptions, type ClientOptions, send } from './request.ts'

/** A route with one parameter takes it as it is; one with several takes an object. */
type ParamsArgument<Params> = Params extends undefined
  ? []
  : keyof Params extends infer Key
    ? IsOne<Key> extends true
      ? [string]
      : [Params]
    : never
type IsOne<Key, Each = Key> = [Key] extends [never] ? false : Each extends Key ? ([Key] extends [Each] ? true : false) : never

/** What may be left out: a body or query without a required member. One of several shapes stays one argument of any of them. */
type InputArgument<Input> = [Input] extends [undefined] ? [] : Record<never, never> extends Input ? [input?: Input] : [input: Input]

type AnswerOf<R extends Route> = R['query'] extends undefined
  ? Promise<RouteAnswer<R>>
  : RouteAnswer<R> extends Page<infer Item>
    ? Listing<Item>
    : Promise<RouteAnswer<R>>

/** The method of one route: its parameter, then its body or query, then options. */
export type Method<R extends Route> = (
  ...args: [
    ...ParamsArgument<RouteParams<R>>,
    ...InputArgument<R['body'] extends undefined ? RouteQuery<R> : RouteBody<R>>,
    options?: CallOptions,
  ]
) => AnswerOf<R>

type Group<G> = { readonly [Name in keyof G]: G[Name] extends Route ? Method<G[Name]> : never }

/** The control API, shaped like the contract's table of routes: `client.credentials.create({…})`. */
export type KeywardClient = { readonly [Name in keyof typeof routes]: Group<(typeof routes)[Name]> }

/**
 * A client of the control API.
 *
 * ```ts
 * const keyward = createClient({ origin: 'https://keyward.example.com', token })
 * const credential = await keyward.credentials.create({ name: 'openai', … })
 * await keyward.credentials.update(credential.id, { description: 'for support' }, { revision: credential.revision })
 * for await (const grant of keyward.grants.list({ state: 'active' })) console.log(grant.id)
 * ```
 *
 * Methods throw KeywardApiError for what Keyward refuses and KeywardUnreachableError where nothing answers.
 */
export function createClient(options: ClientOptions): KeywardClient {
  const client = { ...options, origin: options.origin.replace(/\/+$/, '') }
  const groups = Object.entries(routes).map(([name, group]) => {
    const methods = Object.entries(group as Record<string, Route>).map(([method, route]) => [method, methodOf(client, route)])
    return [name, Object.fromEntries(methods)]
  })
  return Object.fromEntries(groups) as KeywardClient
}

function methodOf(client: ClientOptions, route: Route) {
  return (...args: unknown[]): unknown => {
    const rest = [...args]
    const params = route.params === undefined ? undefined : paramsOf(route.params.shape, rest.shift())
    const input = route.body === undefined && route.query === undefined ? undefined : (rest.shift() ?? {})
    const options = (rest.shift() ?? {}) as CallOptions
    const body = route.body === undefined ? undefined : input
    const query = route.body === undefined ? input : undefined
    if (!isList(route)) return send(client, route, { params, query, body }, options)
    return new Listing((cursor) => {
      const asked = cursor === undefined ? query : { ...(query as object), cursor }
      return send(client, route, { params, query: asked, body }, options) as Promise<Page<unknown>>
    })
  }
}

function paramsOf(shape: Readonly<Record<string, unknown>>, given: unknown): unknown {
  const [only, ...more] = Object.keys(shape)
  return only !== undefined && more.length === 0 && typeof given === 'string' ? { [only]: given } : given
}

function isList(route: Route): boolean {
  return route.query !== undefined && 'cursor' in route.query.shape
}
