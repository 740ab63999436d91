import { parseArgs } from 'node:util'
import { camelCase, scanOptionRows } from './options-table.ts'
import { runScan } from './run-scan.ts'

const types = { flag: 'boolean', text: 'string', list: 'string' } as const

/** `scan [path…] [options]` without the rest of the command. Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const options = Object.fromEntries(
    scanOptionRows.map((row) => [row.name, { type: types[row.type], ...(row.type === 'list' ? { multiple: true } : {}) }]),
  )
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    process.stderr.write(`keyward scan: ${error instanceof Error ? error.message : error}\n`)
    return 2
  }
  const [command, ...paths] = parsed.positionals
  if (command !== 'scan') {
    process.stderr.write('usage: scan [path…] [options]\n')
    return 2
  }
  const flags = Object.fromEntries(
    Object.entries(parsed.values).map(([name, value]) => [camelCase(name), value as string | boolean | string[]]),
  )
  return runScan(paths, flags)
}
