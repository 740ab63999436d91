// Runs `keyward scan` without the rest of the command: node packages/scanner/src/main.ts scan [path…] [options]
import { parseArgs } from 'node:util'
import { camelCase, scanOptionRows } from './command/options-table.ts'
import { runScan } from './command/run-scan.ts'

const types = { flag: 'boolean', text: 'string', list: 'string' } as const

async function main(): Promise<number> {
  const options = Object.fromEntries(
    scanOptionRows.map((row) => [row.name, { type: types[row.type], ...(row.type === 'list' ? { multiple: true } : {}) }]),
  )
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: process.argv.slice(2), options, allowPositionals: true })
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

process.exitCode = await main()
