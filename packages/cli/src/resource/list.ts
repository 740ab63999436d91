import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { note, print, printJson, printTable } from '../output/print.ts'
import { shown } from '../output/values.ts'
import { optionName } from './body.ts'
import type { Column, Filter, ResourceDefinition, Row } from './definition.ts'
import { addPageOptions, type PageOptions, readPages } from './pages.ts'
import { routeOf } from './routes.ts'

type ListOptions = CommonOptions & PageOptions & { readonly [flag: string]: unknown }

export function listCommand(definition: ResourceDefinition): Command {
  const command = addPageOptions(serverCommand('list', `List ${definition.plural}`))
  addFilters(command, definition.filters)
  return command.action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<ListOptions>()
    const api = connect(options)
    const route = await routeOf(definition.group, 'list')
    const items: Row[] = []
    let next: string | null = null
    for await (const page of readPages(api, route, filterQuery(definition.filters, options), options)) {
      items.push(...page.items)
      next = page.next_cursor
      if (options.all && next !== null && process.stderr.isTTY) process.stderr.write(`\r${items.length} ${definition.plural} …`)
    }
    if (options.all && process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    if (options.json) {
      printJson({ items, next_cursor: next })
      return
    }
    const narrowed = definition.filters.some((filter) => options[optionName(filter.flag)] !== undefined)
    printRows(definition.columns, items, narrowed ? `No ${definition.plural} fit these filters.` : definition.whenEmpty)
    if (next !== null) note(`There are more: --all, or --cursor ${next}`)
  })
}

export function addFilters(command: Command, filters: readonly Filter[]): void {
  for (const filter of filters) command.option(`--${filter.flag} <${filter.flag === 'q' ? 'words' : filter.flag}>`, filter.text)
}

export function filterQuery(filters: readonly Filter[], options: { readonly [flag: string]: unknown }): Record<string, string> {
  return Object.fromEntries(
    filters.flatMap((filter) => {
      const given = options[optionName(filter.flag)]
      return given === undefined ? [] : [[filter.flag.replaceAll('-', '_'), String(filter.parse(String(given), `--${filter.flag}`))]]
    }),
  )
}

export function printRows(columns: readonly Column[], rows: readonly Row[], whenEmpty: string): void {
  if (rows.length === 0) {
    print(whenEmpty)
    return
  }
  printTable(
    columns,
    rows.map((row) => columns.map((column) => shown(typeof column.value === 'string' ? row[column.value] : column.value(row)))),
  )
}
