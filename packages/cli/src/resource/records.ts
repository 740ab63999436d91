import type { Route } from '@keyward/contract/route'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { csvLine } from '../output/csv.ts'
import { note, printJson } from '../output/print.ts'
import type { Column, Filter, Row } from './definition.ts'
import { addFilters, filterQuery, printRows } from './list.ts'
import { addPageOptions, type Page, type PageOptions, readPages } from './pages.ts'

/** A list of records that may be long and is taken elsewhere: as a table, JSON, CSV for spreadsheets, or a JSON line a record. */
export interface Records {
  route(): Promise<Route>
  readonly summary: string
  readonly columns: readonly Column[]
  readonly filters: readonly Filter[]
  readonly whenEmpty: string
  /** Columns of the CSV, always the same; a dot goes into a nested object (`actor.id`). */
  readonly csv: readonly string[]
}

type RecordsOptions = CommonOptions & PageOptions & { readonly csv?: boolean; readonly ndjson?: boolean; readonly [flag: string]: unknown }

/** CSV and JSON lines are written page by page as they come: a log of any length fits. */
export function recordsCommand(records: Records): Command {
  const command = addPageOptions(serverCommand('list', records.summary))
    .option('--csv', 'as CSV, safe to open in a spreadsheet')
    .option('--ndjson', 'as one JSON object a line')
  addFilters(command, records.filters)
  return command.action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<RecordsOptions>()
    if ([options.json, options.csv, options.ndjson].filter(Boolean).length > 1) throw wrongUsage('Give one of --json, --csv, --ndjson')
    const api = connect(options)
    const items: Row[] = []
    let last: Page | undefined
    if (options.csv) await write(csvLine(records.csv))
    for await (const page of readPages(api, await records.route(), filterQuery(records.filters, options), options)) {
      last = page
      if (options.ndjson) for (const item of page.items) await write(`${JSON.stringify(item)}\n`)
      else if (options.csv) for (const item of page.items) await write(csvLine(records.csv.map((path) => cell(item, path))))
      else items.push(...page.items)
    }
    const next = last?.next_cursor ?? null
    if (options.json) printJson({ items, next_cursor: next })
    else if (!options.csv && !options.ndjson) printRows(records.columns, items, records.whenEmpty)
    if (!options.json && next !== null) note(`There are more: --all, or --cursor ${next}`)
  })
}

/** The value at `actor.id`; what is deeper is JSON in one cell. */
function cell(item: Row, path: string): string | number | boolean | null {
  let value: unknown = item
  for (const name of path.split('.')) value = typeof value === 'object' && value !== null ? (value as Row)[name] : undefined
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number | boolean)
}

/** Waits where the reader is slower than the server. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve()
    else process.stdout.once('drain', resolve)
  })
}
