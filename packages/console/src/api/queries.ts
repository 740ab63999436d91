import type { KeywardClient } from '@keyward/sdk/client'
import type { Listing, Page } from '@keyward/sdk/pages'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

/** What the API lists, by the word of its path. */
type Lists = {
  [Name in keyof KeywardClient]: KeywardClient[Name] extends { list: (query?: never) => Listing<infer Item> } ? Item : never
}
export type ListName = { [Name in keyof Lists]: Lists[Name] extends never ? never : Name }[keyof Lists]
export type ItemOf<Name extends ListName> = Lists[Name]
export type Filters = Readonly<Record<string, string | number | undefined>>

function ask<Name extends ListName>(name: Name, query: Filters): Promise<Page<ItemOf<Name>>> {
  const list = api[name].list as unknown as (query: Filters) => Listing<ItemOf<Name>>
  return Promise.resolve(list(query))
}

/** A list, page after page. */
export function listOf<Name extends ListName>(name: Name, filters: Filters = {}) {
  return infiniteQueryOptions({
    queryKey: ['list', name, filters],
    queryFn: ({ pageParam }) => ask(name, { ...filters, ...(pageParam === '' ? {} : { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page: Page<ItemOf<Name>>) => page.next_cursor,
  })
}

/** The first page alone: for choosing, naming and watching. */
export function firstOf<Name extends ListName>(name: Name, filters: Filters = {}) {
  return queryOptions({ queryKey: ['first', name, filters], queryFn: () => ask(name, filters) })
}

type Shows = {
  [Name in keyof KeywardClient]: KeywardClient[Name] extends { show: (id: string, ...rest: never[]) => Promise<infer Item> } ? Item : never
}
export type ShownBy<Name extends ShowName> = Shows[Name]
export type ShowName = { [Name in keyof Shows]: Shows[Name] extends never ? never : Name }[keyof Shows]

export function oneOf<Name extends ShowName>(name: Name, id: string) {
  return queryOptions({
    queryKey: ['one', name, id],
    queryFn: () => (api[name].show as unknown as (id: string) => Promise<Shows[Name]>)(id),
  })
}

export const overviewQuery = queryOptions({ queryKey: ['overview'], queryFn: () => api.overview.show(), refetchInterval: 10_000 })
export const nodesQuery = queryOptions({ queryKey: ['nodes'], queryFn: () => api.nodes.list(), refetchInterval: 5_000 })

export type SummaryBy = 'hour' | 'day' | 'workload' | 'grant' | 'resource' | 'model' | 'tenant' | 'team' | 'environment'

export function spendBy(by: SummaryBy, sinceMs: number) {
  return queryOptions({
    queryKey: ['spend', by, sinceMs],
    queryFn: () => api.usage.summary({ by, from: new Date(Date.now() - sinceMs).toISOString() }),
    refetchInterval: 30_000,
  })
}
