import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compose, type Keyward } from './compose.ts'
import { ConfigError, readConfig } from './config.ts'
import { EmbeddedPostgresError } from './db/embedded/errors.ts'
import { MigrationError } from './db/migrate.ts'
import { createLog } from './observe/log.ts'
import { VaultError } from './vault/errors.ts'

/**
 * `npm start` and `keyward serve`: runs Keyward until SIGTERM or SIGINT. Exit codes: 0 stopped as asked, 2 a wrong option, 3 the database or
 * the vault can't be opened, 1 anything else.
 */
const consoleFolder = fileURLToPath(new URL('../../console/dist', import.meta.url))
/** Running calls get this long to end by themselves. */
const graceMs = 10_000

export async function serve(env: Readonly<Record<string, string | undefined>> = process.env): Promise<void> {
  let keyward: Keyward
  try {
    const config = readConfig(env, consoleFolder)
    const log = createLog({ level: config.logLevel })
    process.on('uncaughtException', (error) => {
      log.fatal({ err: error }, 'an error that nobody caught: this process ends')
      process.exitCode = 1
      setImmediate(() => process.exit(1))
    })
    keyward = await compose(config, log)
  } catch (error) {
    process.exitCode = explain(error)
    return
  }
  const stop = (signal: NodeJS.Signals) => {
    process.stderr.write(`\nkeyward: ${signal}: stopping (again to stop at once)\n`)
    for (const one of ['SIGTERM', 'SIGINT'] as const) process.removeAllListeners(one).once(one, () => process.exit(1))
    keyward.stop(graceMs).then(
      () => process.exit(0),
      (error) => {
        process.exit(explain(error))
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.write(banner(keyward))
}

function banner(keyward: Keyward): string {
  const lines = [
    '',
    `  Keyward is ready at ${keyward.origin}`,
    `  Data: ${keyward.dataFolder}   Database: ${keyward.database}   Ready in ${(keyward.readyMs / 1000).toFixed(1)} s`,
    '',
  ]
  if (keyward.signInLink !== undefined) {
    if (process.stdout.isTTY) lines.push('  Sign in (works once, for 10 minutes):', `  ${keyward.signInLink}`, '')
    else lines.push(`  Sign in with the link in ${join(keyward.dataFolder, 'sign-in-link')} (works once, for 10 minutes)`, '')
  }
  return `${lines.join('\n')}\n`
}

function explain(error: unknown): number {
  const known =
    error instanceof ConfigError
      ? 2
      : error instanceof EmbeddedPostgresError || error instanceof MigrationError || error instanceof VaultError
        ? 3
        : undefined
  if (known !== undefined && error instanceof Error) {
    process.stderr.write(`keyward: ${error.message}\n`)
    return known
  }
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    process.stderr.write(
      'keyward: the port is taken. Another Keyward may be running here; stop it, or choose another port with KEYWARD_PORT.\n',
    )
    return 3
  }
  process.stderr.write(`keyward: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve()
