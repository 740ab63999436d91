// Migrates the database of the URL given as argument with the folder given next. Prints what it applied as JSON.
import { silentLog } from '../../../src/db/log.ts'
import { MigrationError, migrate } from '../../../src/db/migrate.ts'

const [connectionString = '', folder] = process.argv.slice(2)
try {
  const outcome = await migrate({ connectionString }, silentLog, folder)
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: error instanceof MigrationError ? error.code : 'other', message: String(error) })}\n`)
  process.exit(1)
}
