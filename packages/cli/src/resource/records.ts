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
    let header: readonly string[] | undefined
    for await (const page of readPages(api, await records.route(), filterQuery(records.filters, options), options)) {
      last = page
      if (options.ndjson) for (const item of page.items) await write(`${JSON.stringify(item)}\n`)
      else if (options.csv) header = await writeCsv(page.items, header)
      else items.push(...page.items)
    }
    const next = last?.next_cursor ?? null
    if (options.json) printJson({ items, next_cursor: next })
    else if (!options.csv && !options.ndjson) printRows(records.columns, items, records.whenEmpty)
    if (!options.json && next !== null) note(`There are more: --all, or --cursor ${next}`)
  })
}

/** Fields of a nested object are columns of their own (`actor.id`); deeper things are JSON in one cell. */
async function writeCsv(items: readonly Row[], header: readonly string[] | undefined): Promise<readonly string[] | undefined> {
  let names = header
  for (const item of items) {
    const flat = flatten(item)
    if (names === undefined) {
      names = columnNames(items)
      await write(csvLine(names))
    }
    await write(csvLine(names.map((name) => flat[name])))
  }
  return names
}

/** Of the first page: every record has the same fields; a nested object that is null in one is spread in another. */
function columnNames(items: readonly Row[]): string[] {
  const spread = new Set<string>()
  for (const item of items) for (const [name, value] of Object.entries(item)) if (isNested(name, value)) spread.add(name)
  const members = (name: string) => items.map((item) => item[name]).find((value) => isNested(name, value))
  return Object.keys(items[0] ?? {}).flatMap((name) =>
    spread.has(name) ? Object.keys(members(name) ?? {}).map((member) => `${name}.${member}`) : [name],
  )
}

function flatten(item: Row): Record<string, string | number | boolean | null> {
  const flat: Record<string, string | number | boolean | null> = {}
  for (const [name, value] of Object.entries(item)) {
    if (isNested(name, value)) for (const [member, one] of Object.entries(value)) flat[`${name}.${member}`] = cell(one)
    else flat[name] = cell(value)
  }
  return flat
}

function isNested(name: string, value: unknown): value is Record<string, unknown> {
  return name !== 'details' && typeof value === 'object' && value !== null && !Array.isArray(value)
}

function cell(value: unknown): string | number | boolean | null {
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
