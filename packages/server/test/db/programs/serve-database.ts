// Runs the built-in PostgreSQL in the folder given as argument until SIGTERM. Prints one line of JSON: where it is, or why it is not.

import { EmbeddedPostgresError } from '../../../src/db/embedded/errors.ts'
import { startEmbedded } from '../../../src/db/embedded.ts'
import { silentLog } from '../../../src/db/log.ts'

const [dataFolder = ''] = process.argv.slice(2)
try {
  const server = await startEmbedded({ dataFolder, log: silentLog })
  process.on('SIGTERM', async () => {
    await server.stop()
    process.exit(0)
  })
  process.stdout.write(`${JSON.stringify({ pid: server.pid, connection: server.connection })}\n`)
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ code: error instanceof EmbeddedPostgresError ? error.code : 'other', message: String(error) })}\n`,
  )
  process.exit(1)
}
