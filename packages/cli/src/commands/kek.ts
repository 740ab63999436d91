import { resolve } from 'node:path'
import type { Command } from 'commander'
import { groupCommand, jsonCommand } from '../common-options.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { note, print, printJson } from '../output/print.ts'

interface RotateOptions {
  readonly json?: boolean
  readonly to: string
  readonly whileRunning?: boolean
}

export function kekCommand(): Command {
  return groupCommand('kek', 'The key-encryption key, under which every stored secret is sealed. On the machine of the server').addCommand(
    rotate(),
  )
}

/**
 * Safe with Keyward stopped. With DATABASE_URL it also works while nodes run (`--while-running`), but only for a key in a file that every node
 * finds at the same path: a node that can't read the new key can open no secret. Killed anywhere, it goes on when it is run again.
 */
function rotate(): Command {
  return jsonCommand('rotate', 'Replace the key-encryption key: every data key is wrapped anew, no secret changes')
    .requiredOption('--to <uri>', 'where the new key is: file:/absolute/path (made if it is not there) or env:NAME')
    .option('--while-running', 'with DATABASE_URL and a file: key that every node has at this path: do not ask for Keyward to be stopped')
    .addHelpText(
      'after',
      '\nStop Keyward, run this with the same environment, start it again. If KEYWARD_KEK is set, set it to the new address.\nKeep the old key as long as you keep backups that were made under it.',
    )
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RotateOptions>()
      const address = await addressOf(options.to)
      const { configurationFolder, readConfig } = await import('@keyward/server/config')
      const config = readConfig(process.env, '')
      const { livingNodes, openInstallationDatabase } = await import('../installation/database.ts')
      const database = await openInstallationDatabase(config)
      try {
        const alive = await livingNodes(database)
        if (alive.length > 0 && !database.embedded) refuseWhileRunning(alive, address, options)
        const [{ databaseOn }, { openVault }, { createLog }] = await Promise.all([
          import('@keyward/server/db/database'),
          import('@keyward/server/vault/vault'),
          import('@keyward/server/observe/log'),
        ])
        const vault = await openVault({
          db: databaseOn(database.pool),
          kekUri: config.kek,
          dataFolder: resolve(config.dataFolder),
          configurationFolder: configurationFolder(process.env),
          organisation: config.organisation,
          log: createLog({ level: 'silent' }),
        })
        const before = await vault.currentKey()
        let wrapped = 0
        const perTable = new Map<string, number>()
        for await (const { table, rewrapped } of vault.rotateKeyEncryptionKey(address)) {
          perTable.set(table, rewrapped)
          wrapped = [...perTable.values()].reduce((sum, count) => sum + count, 0)
          if (process.stderr.isTTY) process.stderr.write(`\r${wrapped} data keys wrapped anew …`)
        }
        if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
        const after = await vault.currentKey()
        if (options.json) printJson({ from: before, to: after, data_keys: wrapped })
        else {
          print(`The key-encryption key is ${after.id} (${after.uri}) now; ${wrapped} data keys were wrapped anew.`)
          if (before.id !== after.id)
            note(`The old one, ${before.id} (${before.uri}), still opens older backups: keep it as long as those.`)
          if (config.kek !== undefined && config.kek !== after.uri) note(`Set KEYWARD_KEK=${after.uri} for the server.`)
          note(`Keep a copy of the new key in a safe place: without it nobody can read the stored secrets.`)
        }
      } catch (error) {
        throw await explained(error)
      } finally {
        await database.close()
      }
    })
}

async function addressOf(uri: string): Promise<string> {
  const { formatKeyUri, parseKeyUri } = await import('@keyward/server/vault/key-uri')
  try {
    return formatKeyUri(parseKeyUri(uri))
  } catch (error) {
    throw wrongUsage(`--to: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function refuseWhileRunning(alive: readonly string[], address: string, options: RotateOptions): void {
  const where = [...new Set(alive)].join(', ')
  if (!address.startsWith('file:'))
    throw new Failure(
      exitCodes.refused,
      `Keyward is running (${where}), and a key in a variable reaches no process that has started already`,
      { fix: 'Stop every node first.' },
    )
  if (options.whileRunning !== true)
    throw new Failure(exitCodes.refused, `Keyward is running (${where})`, {
      fix: 'Stop every node first. Or put the new key at the same path on every node, and say --while-running.',
    })
}

async function explained(error: unknown): Promise<unknown> {
  const { VaultError } = await import('@keyward/server/vault/errors')
  return error instanceof VaultError ? new Failure(exitCodes.refused, error.message, { cause: error }) : error
}
