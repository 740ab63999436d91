// Tries to lock the folder given as argument. Prints `held` or the error's code, and holds the lock until stdin ends.
import { EmbeddedPostgresError } from '../../../src/db/embedded/errors.ts'
import { lockFolder } from '../../../src/db/embedded/lock.ts'
import { silentLog } from '../../../src/db/log.ts'

const [folder = ''] = process.argv.slice(2)
try {
  const lock = await lockFolder(folder, silentLog, () => process.stdout.write('lost\n'))
  process.stdout.write('held\n')
  process.stdin.resume().on('end', () => {
    lock.release()
    process.exit(0)
  })
} catch (error) {
  process.stdout.write(`${error instanceof EmbeddedPostgresError ? error.code : String(error)}\n`)
  process.exit(1)
}
