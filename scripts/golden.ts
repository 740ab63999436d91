// Files that are made from others and checked in, so that a review shows what a change does to them.
//   node scripts/golden.ts            writes those that differ
//   node scripts/golden.ts --check    writes nothing; exit 1 where one differs
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { commandDocs } from '../packages/cli/src/docs.ts'
import { errorPages } from '../packages/contract/src/error-pages.ts'
import { openApiDocument } from '../packages/contract/src/openapi.ts'
import { printPermissions } from '../packages/contract/src/print-permissions.ts'
import { dumpSchema } from '../packages/server/src/db/schema-dump.ts'
import { tableTypes } from '../packages/server/src/db/table-types.ts'
import { startTestServer, type TestServer, templateName } from '../tests/support/test-server.ts'
import { printConfig } from './print-config.ts'

/** One golden file. To add yours, add a line to `golden`. */
interface Golden {
  /** Path from the repository's root. */
  readonly file: string
  /** Makes the whole text, from nothing but what is checked in: the same on every machine. */
  make(): Promise<string> | string
}

const golden: readonly Golden[] = [
  { file: 'packages/server/src/db/schema.golden.sql', make: () => withDatabase(dumpSchema) },
  { file: 'packages/server/src/db/tables.ts', make: () => withDatabase(tableTypes) },
  { file: 'docs/permissions.md', make: printPermissions },
  { file: 'docs/config.md', make: printConfig },
  { file: 'docs/openapi.golden.json', make: () => `${JSON.stringify(openApiDocument(), null, 2)}\n` },
  { file: 'docs/cli.md', make: commandDocs },
  ...[...errorPages()].map(([name, text]) => ({ file: `docs/errors/${name}`, make: () => text })),
]

const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')
let server: Promise<TestServer> | undefined

try {
  let different = 0
  for (const { file, make } of golden) {
    const path = join(root, file)
    const [now, before] = [await make(), existsSync(path) ? readFileSync(path, 'utf8') : undefined]
    if (now === before) continue
    different += 1
    if (!check) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, now)
    }
    process.stdout.write(check ? `${file} differs${firstDifference(before ?? '', now)}\n` : `${file} written\n`)
  }
  process.stdout.write(`golden: ${golden.length} files, ${different} ${check ? 'differ' : 'written'}\n`)
  if (check && different > 0) {
    process.stdout.write('Fix: npm run golden, look at the difference, and commit it with what caused it.\n')
    process.exitCode = 1
  }
} finally {
  await (await server)?.stop()
}

/** A migrated database, one for all who need it. */
async function withDatabase(make: (client: pg.Client) => Promise<string>): Promise<string> {
  server ??= startTestServer()
  const client = new pg.Client({ ...(await server).connection, database: templateName })
  await client.connect()
  try {
    return await make(client)
  } finally {
    await client.end()
  }
}

function firstDifference(before: string, now: string): string {
  const [old, fresh] = [before.split('\n'), now.split('\n')]
  const at = fresh.findIndex((line, index) => line !== old[index])
  const line = at === -1 ? fresh.length : at
  return ` at line ${line + 1}:\n  - ${old[line] ?? '(end)'}\n  + ${fresh[line] ?? '(end)'}`
}
