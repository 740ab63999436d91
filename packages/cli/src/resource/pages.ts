import type { Route } from '@keyward/contract/route'
import type { Command } from 'commander'
import type { Api } from '../connection/api.ts'
import type { Row } from './definition.ts'
import { integer } from './parsers.ts'

export interface PageOptions {
  readonly limit?: string
  readonly cursor?: string
  readonly all?: boolean
}

export interface Page {
  readonly items: readonly Row[]
  readonly next_cursor: string | null
}

/** What the server gives at most at once. */
const pageItemsMax = 200

export function addPageOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'how many at most (1 to 200; default 50)')
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--all', 'go on to the end')
}

/** The page that the options ask for; with `--all` every page, one after the other. */
export async function* readPages(
  api: Api,
  route: Route,
  query: Readonly<Record<string, string | number | undefined>>,
  options: PageOptions,
): AsyncGenerator<Page> {
  const limit = options.limit === undefined ? (options.all ? pageItemsMax : undefined) : (integer(options.limit, '--limit') as number)
  let cursor = options.cursor
  for (;;) {
    const { answer } = await api.call(route, { query: { ...query, limit, cursor } })
    const page = answer as Page
    yield page
    if (options.all !== true || page.next_cursor === null) return
    cursor = page.next_cursor
  }
}
